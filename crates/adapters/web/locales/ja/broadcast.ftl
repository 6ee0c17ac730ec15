# 配信
broadcasts-new = 新しい配信
broadcasts-none = まだ配信がありません。「新しい配信」から始められます。
broadcasts-newer = 新しい配信へ
broadcasts-older = 前の配信へ

step-compose = 内容
step-audience = 送る相手
step-confirm = 確認

broadcast-name = 配信の名前
broadcast-hint-name = 一覧と報告に出る名前です。お客様には見えません。
broadcast-name-empty = 名前を{ $max }文字以内で入力してください。
broadcast-purpose = 何のためのメールですか
purpose-advertising = お知らせ・広告
purpose-what-advertising = 配信停止の方には送りません。配信停止のご案内が付きます。
purpose-transactional = お取引の連絡
purpose-what-transactional = ご注文・ご予約・ご契約についての連絡だけに使ってください。配信停止の方にも送ります。
confirm-transactional = 「お取引の連絡」なので、配信停止の方にも送ります。宣伝が入っているときは「お知らせ・広告」に変えてください。
broadcast-template = 文面
broadcast-template-missing = 文面を選んでください。
broadcast-no-template = まだ文面がありません。先に文面を書いてください。
broadcast-from = 差出人
broadcast-from-name = 差出人の名前
broadcast-hint-from-name = お客様の受信箱に出る名前です。お店の名前がおすすめです。
broadcast-from-name-wrong = 改行を入れず、{ $max }文字以内にしてください。
broadcast-from-address = 差出人のアドレス
broadcast-hint-from-address = お店のドメインのアドレスです。
broadcast-from-missing = 差出人のアドレスを入力してください。
broadcast-reply-to = 返信の宛先
broadcast-hint-reply-to = 空なら、返信は差出人のアドレスに届きます。
broadcast-to-audience = 次へ:送る相手

from-unknown = { $domain } は送信元ドメインに登録されていないため、このアドレスでは送れません。
from-provider = { $domain } のアドレスは差出人に使えません。ほかの会社のドメインを名乗るメールは、受信側で断られます。お店のドメインをお使いください。
from-add-domain = 送信元ドメインを登録する

audience-title = だれに送りますか
audience-sendable = 送れるお客様
audience-what-sendable = 配信停止の方と、アドレスが無効・未登録の方を、はじめから除きます。
audience-all = すべてのお客様
audience-what-all = 送れない方は、理由と人数を確認の画面に出して除きます。
audience-conditions = 条件に当てはまる方
audience-what-conditions = 送り始めるときに、もう一度数え直します。登録が増えれば、その方にも送ります。
audience-segment = 条件
audience-freeze = いまの人数で固定する
audience-freeze-what = いま当てはまる方を名簿に写し、あとで条件や登録が変わっても増えません。
audience-frozen = { $at } に固定した{ $n }人です。
audience-frozen-from = もとの条件
audience-included = 手で加えた方 { $n }人。
audience-excluded = 手で外した方 { $n }人。
audience-by-hand = 一人ずつ加える・外す
audience-rules = 送らない方の決まり
audience-topic = お知らせの種類
audience-topic-none = 種類を決めない
audience-topic-hint = その種類を「希望しない」とされた方には送りません。種類ごとの同意の記録も、同意として数えます。
audience-duplicates = 同じアドレスの登録が複数あるとき
audience-duplicates-hint = ご家族や二重登録などで、同じアドレスが何人分もある場合の決まりです。この配信だけ変えることもできます。
duplicates-house = お店の決まりのとおり({ $way })
duplicates-newest = いちばん新しい登録の方に1通
duplicates-oldest = いちばん古い登録の方に1通
duplicates-consented = 同意の記録がある登録の方に1通
duplicates-each = それぞれの登録に1通ずつ
duplicates-what-newest = ふだんはこれで困りません。新しい登録のほうが、いまのお名前やご要望に合っているためです。
duplicates-what-oldest = はじめにご登録いただいたお名前でお送りします。
duplicates-what-consented = 同意の記録がある登録を選びます。どれにもある、またはどれにもないときは、いちばん新しい登録です。
duplicates-what-each = 同じアドレスに何通も届きます。会員番号ごとのご案内などに使います。
demand-nobody-now = 同意の記録がない方にも送ります(何人いるかは確認の画面に出ます)。
demand-since-now = { $day } 以降に登録された方は、同意の記録がなければ送りません。
demand-everybody-now = 同意の記録がない方には送りません。
demand-title = 広告メールと同意の記録
demand-lead = 特定電子メール法では、広告のメールは、あらかじめ同意した方や取引関係のある方などにだけ送ることができ、同意の記録を残しておくことが求められます。記録がない方を、この決まりで配信から外せます。お取引の連絡には関係しません。
demand-nobody = 記録がなくても送る(人数を毎回知らせる)
demand-nobody-what = はじめの設定です。いままでの名簿に送れなくなることはありません。記録がない方の人数と名前を、送る前の画面に毎回出します。
demand-since = この日以降に登録された方は、記録がなければ送らない
demand-since-what = これからの登録に記録を付けていくときの設定です。それより前からの方には、いままでどおり送ります。
demand-everybody = 記録がない方には送らない
demand-everybody-what = いちばん確かな設定です。記録のない名簿をお持ちの場合は、先に「お客様」の取り込みや各お客様の画面で記録を付けてください。
demand-bases = 記録として認める根拠
demand-basis-consent = 申込フォームやアンケートで、受け取ると答えていただいた。
demand-basis-written = 名刺や申込書など、書面でアドレスを知らせていただいた。
demand-basis-business = お買い上げやご契約など、取引がある。
demand-basis-published = 会社やお店が、広告お断りと書かずにアドレスを公表している。
demand-segment = 記録がない方は、「条件」でも「広告メールへの同意の記録がない」で探せます。
limits-since-wrong = 「この日以降」の日付を入れてください。
limits-duplicates-what = お店のふだんの決まりです。配信ごとに変えることもできます。
limits-basis-missing = 記録として認める根拠を、1つ以上選んでください。
limits-cap = 送りすぎ防止
limits-cap-what = お一人に届くお知らせの数に、上限を決められます。注文や予約についてのメールは数えません。
audience-again = この文面をすでに送った方にも送る
audience-again-what = ふだんは、同じ文面のメールを二度は送りません。
audience-cap = 送りすぎ防止:お一人に{ $days }日間で{ $mails }通まで。
audience-no-cap = 送りすぎ防止:決めていません。
audience-cap-change = お店の決まりを変える
audience-picked = 一人ずつ選ぶ
audience-what-picked = 検索しながら、何人でも選べます。
audience-people = { $count ->
   *[other] { $n }人
 }
audience-hint-advertising = 配信停止の方へ送られることは、どれを選んでもありません。
audience-hint-transactional = お取引の連絡なので、どれを選んでも、配信停止の方にも送られます。
audience-next = 次へ

pick-count = { $n }人を選んでいます
pick-all = 見つかった{ $n }人を全員選ぶ
pick-none = すべて外す
pick-next = 次へ:確認

by-hand-title = 一人ずつ加える・外す
by-hand-in = 手で加えた方
by-hand-out = 手で外した方
by-hand-put-in = 加える
by-hand-take-out = 外す
by-hand-undo = 取り消す
by-hand-nobody = いません。

difference-title = 当てはまる{ $asked }人のうち、{ $remaining }人に送ります
difference-lead = 上から順に調べ、最初に当てはまった理由で数えます。人数を押すと、その方たちの一覧が開きます。
difference-none = 除かれる方はいません。
difference-left = { $count ->
   *[other] ここまでで残り { $n }人
 }
difference-by-hand = 取り消す
difference-rules = 決まりを変える
difference-again = 配信停止・種類・DMの希望・登録の変更・送信停止リストは、1通ごとに送る直前にもう一度確かめます。
difference-demand = 同意の記録の決まりを変える
difference-topic = 種類を変える

audience-limits-title = 送らない方の決まり
audience-limits-lead = どの配信にも当てはまる、お店の決まりです。送る前の画面に、決まりごとの人数と名前が出ます。
limits-mails = 何通まで
limits-days = 何日間に
limits-hint = 両方とも空にすると、上限はありません。
limits-wrong = 通数と日数を、1から{ $max }までの数で両方とも入れてください。
audience-limits-save = 保存する

people-everyone = 選ばれた方全員
people-remaining = 送る方
people-unrecorded = 同意の記録がないまま送る方
people-record = 記録を付ける
unrecorded-note = このうち { $n }人は、広告メールへの同意の記録がありません。いまの決まりでは送ります。
unrecorded-who = その方たちを見る
people-back = 「{ $name }」の確認へ戻る

confirm-who = 送る方、送らない方
confirm-what = 送る内容
confirm-change-audience = 送る相手を変える
confirm-difference = 人数の差の内訳
confirm-change-what = 内容を変える
confirm-obstacles = 送る前に、直すことがあります
confirm-preview = 届くときの見え方
confirm-others = ほかのお客様の見え方
confirm-needed = この文面は、名簿の項目「{ $fields }」が空の方には仕上げられず、送られません。空でも送るには、文面で default を添えてください。
confirm-start = { $count ->
   *[other] { $n }人に送る
 }
confirm-start-what = 押すと、すぐに送り始めます。途中で一時停止や中止もできますが、すでに出たメールは取り戻せません。
confirm-drop = この下書きをやめる…
confirm-drop-what = この配信は「中止」として一覧に残り、送られません。
confirm-drop-yes = 下書きをやめる

obstacle-not-draft = この配信はすでに始まっています。
obstacle-no-template = 選んだ文面がありません。
obstacle-template-broken = 文面に誤りがあり、仕上げられません。
obstacle-from-address = 差出人のアドレスが正しくありません。
obstacle-unknown-domain = { $domain } が送信元ドメインに登録されていません。
obstacle-reply-to = 返信の宛先が正しくありません。
obstacle-nobody-left = 送る方が一人もいません。
obstacle-conditions = 送る相手の条件に、直すところがあります。直るまで、だれにも送りません。
obstacle-mend = 直す

left-out-excluded = 手で外した
left-out-suppressed = 送信停止リスト
left-out-already-sent = 同じ文面を送信済み
left-out-no-consent = 同意の記録なし
left-out-frequency-cap = 送りすぎ防止
left-out-no-address = アドレスなし
left-out-opted-out = 配信停止
left-out-topic-refused = この種類を希望しない
left-out-resigned = 登録の取消
left-out-dm-refused = DMを希望しない
left-out-address-invalid = アドレスが無効
left-out-lookalike = 打ち間違いの疑い
left-out-duplicate = 同じアドレス
left-out-cancelled = 配信を中止
left-out-unrenderable = 文面を仕上げられない
left-out-changed = 登録が変わった
left-out-why-excluded = この配信から、手で外した方です。
left-out-why-suppressed = アドレスかドメインが、送信停止リストに載っている方です。
left-out-why-already-sent = 同じ文面のメールを、すでにお送りしたか、いま送っている方です。
left-out-why-no-consent = 広告メールへの同意などの記録がない方です。記録を付けると送れます。
left-out-why-frequency-cap = 決めた期間に、決めた通数までのお知らせをすでにお送りした方です。
left-out-why-no-address = メールアドレスの登録がない方です。
left-out-why-opted-out = お知らせのメールを希望しない方です。
left-out-why-topic-refused = この種類のお知らせを希望しない方です。
left-out-why-resigned = 登録が取り消された方です。
left-out-why-dm-refused = お店に「お知らせは希望しない」と伝えた方です。
left-out-why-address-invalid = 以前に届かず、使えないと分かっているアドレスの方です。正しいアドレスをうかがうと、また送れます。
left-out-why-lookalike = 別の会社に届いてしまう打ち間違いとみられるアドレスの方です。確かめるまで送りません。
left-out-why-duplicate = 同じアドレスの登録がほかにもあり、決まりに従って、そのうちの一人に送ります。送るかどうかも、その方の登録で決めます。
left-out-why-cancelled = 送る前に、配信が中止されました。
left-out-why-unrenderable = 差し込む項目が足りず、文面を仕上げられませんでした。
left-out-why-changed = 送る前に、登録が変わるか削除されました。

waterfall-asked = 選ばれた方
waterfall-remaining = 送る方

act-pause = 一時停止…
act-pause-what = まだ出ていないメールを止めます。あとで「再開」できます。いま送っている最中のものは、そのまま出ます。
act-pause-yes = 一時停止する
act-resume = 再開…
act-resume-what = 止めていた残りの方へ、続きから送ります。二重には送りません。
act-resume-yes = 再開する
act-cancel = 中止…
act-cancel-what = まだ出ていないメールは送られず、再開もできません。すでに出たメールは取り戻せません。
act-cancel-yes = 中止する

live-preparing = 宛先を書き出しながら送っています(いま { $n }人)
live-running = { $total }人中 { $done }人が済みました
live-paused = 一時停止しています。残り { $n }人
live-cancelled = 中止しました
live-only-retries = 残り{ $n }人は、受信側が一時的に断ったため、間をおいて送り直しています。この画面を閉じてもかまいません。

report-started = { $from } から。{ $start } 開始。
report-finished = { $from } から。{ $start } 開始、{ $end } 完了。
report-cancelled = { $from } から。{ $start } 開始、{ $end } 中止。
report-never-started = { $from } から。始める前に取りやめました。
report-who = だれに送り、だれに送らなかったか
report-heat = 会社 × 結果
report-reasons = 届かなかった理由と、次の一手
report-people = { $count ->
   *[other] { $n }人
 }
report-more = くわしく
report-rows = 一人ずつの結果
report-desk = この配信の「届いていない」
report-csv = CSV をダウンロード
report-template = 送った文面

rows-title = 一人ずつの結果
rows-csv = この一覧を CSV で
rows-none = 当てはまる方はいません。
rows-search-hint = お名前・アドレス
rows-any-state = すべての結果
rows-any-provider = すべての会社
rows-any-reason = すべての理由
rows-narrow = 絞り込む
rows-state = 結果
rows-reason = 理由
rows-at = 日時
rows-attempts = 送った回数

done-broadcast-started = 送り始めました。
done-broadcast-paused = 一時停止しました。
done-broadcast-resumed = 再開しました。
done-broadcast-cancelled = 中止しました。
done-audience-frozen = いまの{ $n }人で固定しました。
done-audience-limits-saved = 保存しました。

suppressions-title = 送信停止リスト
suppressions-lead = ここに載せたアドレスやドメインには、広告もお取引の連絡も、いっさい送りません。
suppressions-open = 送信停止リストを開く
suppressions-search = アドレスやメモから探す
suppressions-none = まだ何も載っていません。
suppressions-not-found = 見つかりませんでした。
suppressions-whole = ドメイン全体
suppressions-add = リストに載せる
suppressions-add-button = 送信を止める
suppressions-keys = アドレスまたはドメイン
suppressions-keys-hint = 1行に1つ。例:taro@example.jp(その方だけ)、@example.jp(そのドメインの全員)
suppressions-note = メモ
suppressions-note-hint = だれから、なぜ頼まれたかなど。
suppressions-odd = 次の行はアドレスにもドメインにも読めないため、まだ何も載せていません:{ $lines }
suppressions-how-many = 1件から{ $max }件まで入れてください。
suppressions-note-long = メモは{ $max }文字までです。
suppressions-lift = リストから外す
done-suppressions-added = { $n }件をリストに載せました。
done-suppressions-lifted = リストから外しました。

broadcast-pool = 送信元のグループ
broadcast-hint-pool = この配信を送る送信元のグループです。決めなければ、一斉配信のいつものグループから送ります。
broadcast-pool-usual = いつものグループ

# クリックの記録
broadcast-records-clicks = リンクのクリックを記録する
broadcast-hint-records-clicks = メールの中のリンクを開いた方が分かります。開いたことは「届いた証拠」にもなります。
broadcast-records-clicks-more = 受け取る方からはどう見えるか、記録しないもの
broadcast-records-clicks-text = リンクは、いったんこのシステムのアドレス({ $address })を通って、元のページへすぐに移ります。HTMLメールの見た目は変わりません。テキストメールでは、このアドレスがそのまま見えます。
broadcast-records-clicks-not = 配信停止のリンク、電話番号やメールアドレスのリンク、差し込み項目を含むリンク、HTMLで data-no-track を付けたリンクは、書いたまま送ります。それらのクリックは記録しません。
broadcast-records-clicks-privacy = 残すのは、どなたがどのリンクをいつ何回開いたかだけで、IPアドレスや機種は残しません。クリックを記録していることを、プライバシーポリシーに書いておくことをおすすめします。
broadcast-records-clicks-plain = いまのアドレス({ $address })は https ではありません。お客様から開けないアドレスのまま記録すると、リンクが開けなくなります。
broadcast-clicks = クリックの記録
broadcast-clicks-off = 記録しません
broadcast-clicks-on = { $n }か所のリンク先を記録します
broadcast-clicks-personal = 記録しないリンク({ $n }件)
broadcast-clicks-personal-why = お一人ずつ違うリンク先か、どこまでがリンクか分からないものです。書いたまま送り、クリックは記録しません。
