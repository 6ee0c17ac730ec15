# この1通に何が起きたか
message-title = この1通に何が起きたか
message-subject = 宛「{ $subject }」
message-chain = 起きたこと
message-sent = 送った内容
message-bounce = 返ってきたメール
message-back = この1通に何が起きたか へ戻る

chain-address-off = このアドレスは使えないと分かったので、次からは送りません。
chain-queued = 送信が決まりました。配信停止なし、アドレス有効。
chain-resent = 送り直しが決まりました。
chain-resent-by = { $name }さんが送り直しました。
chain-somebody = 今はいない担当者
chain-made = この方の分の本文を仕上げ、署名(DKIM)を付けました。
chain-see-sent = 送った内容
chain-see-mail = 返ってきたメール
chain-bounced = いったん受領されたあと、エラーメールが返ってきました。
chain-evidence-delivered-dsn = 相手のサーバーから「届けた」という通知が来ました。
chain-evidence-auto-reply = 自動返信が届きました。メールは届いています。
chain-evidence-complaint = お客様が「迷惑メール」と報告しました。届いてはいます。広告のメールは止めました。
chain-in-doubt = 送信の最後で途切れ、届いたかどうか分かりません。二重に届くのを避けるため、自動では送り直していません。
chain-try = { $number }回目、{ $to } へ。
chain-their-server = 相手のサーバー
chain-stage = { $stage }まで進みました({ $seconds }秒)
chain-tls = 暗号化: { $tls }
chain-clear = 暗号化なし

stage-dns = 宛先のサーバー探し
stage-connect = 接続
stage-greeting = 相手のあいさつ
stage-ehlo = こちらのあいさつ
stage-tls = 暗号化の開始
stage-auth = ログイン
stage-mail = 差出人の申告
stage-rcpt = 宛先の申告
stage-data = 本文の送り始め
stage-content = 本文の送り終わり
stage-later = 受領のあと

trouble-no-such-domain = アドレスの「@」より右側のドメインが存在しません。
trouble-null-mx = 宛先のドメインは、メールを受け取らないと公表しています。
trouble-no-mail-host = 宛先のドメインに、メールを受け取るサーバーがありません。
trouble-dns-trouble = 宛先のサーバーを調べられませんでした(DNS の不調)。
trouble-refused = 接続を断られました。
trouble-timed-out = 時間内に返事がありませんでした。
trouble-disconnected = 途中で接続が切れました。
trouble-unreachable = 相手のサーバーまでたどり着けませんでした。
trouble-tls-failed = 暗号化した接続ができませんでした。
trouble-not-smtp = 相手の返事を、メールの返事として読めませんでした。
trouble-auth-refused = 送信サーバーへのログインを断られました。
trouble-unrenderable = この方の分の文面を仕上げられませんでした。

conclusion-title = いまの結論
conclusion-accepted-then = 「届いていない」とご連絡があれば、迷惑メールフォルダや受信設定を確かめていただき、必要なら送り直してください。
conclusion-sure = 確かさ: { $sure }
conclusion-why = なぜそう判断したか
conclusion-words = 決め手になった相手の言葉:
conclusion-no-words = 相手の言葉ではなく、状況から判断しました。
conclusion-rule = 規則 { $rule }(版 { $pack })
conclusion-resent = 送り直しました。
conclusion-resent-as = 送り直した1通を見る
conclusion-resend-of = もとの1通を見る
conclusion-guide = { $provider } の受信設定の案内(お客様向け)
conclusion-guide-page = 公式の説明
sure-certain = 確かです
sure-likely = おそらくそうです
sure-guess = 推測です
sure-unknown = はっきり分かりません

sent-as-sent = 送ったとおりの内容です。配信停止のリンクは見本に置き換えています。
sent-not-yet = まだ送っていないか、送る前に止まった1通です。いまの登録で差し込むと、こうなります。

bounce-came = { $at } に { $peer } から届きました。
bounce-words = 人に向けた説明
bounce-raw = メール全体(原文)
bounce-cut = 長いため、{ $size }バイトのうち最初の{ $shown }バイトだけを表示しています。

chain-about = { $address } についてのエラーです。
chain-aside = このお客様のアドレスの不具合とは言えないため、アドレスの判定には数えません。
joined-return-path = このメールの返信先に届いた知らせです(確かです)。
joined-message-id = このメールの番号が書かれた知らせです(確かです)。
joined-trace = このメールの目印が書かれた知らせです(確かです)。
joined-recipient = 目印はありませんが、この宛先に最近届けたのはこのメールだけなので、このメールの知らせとみています(推測です)。
conclusion-codes = ほかの配信システムでのコード: { $codes }
