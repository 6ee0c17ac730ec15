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
audience-picked = 一人ずつ選ぶ
audience-what-picked = 検索しながら、何人でも選べます。
audience-people = { $n }人
audience-hint-advertising = 配信停止の方へ送られることは、どれを選んでもありません。
audience-hint-transactional = お取引の連絡なので、どれを選んでも、配信停止の方にも送られます。
audience-next = 次へ

pick-count = { $n }人を選んでいます
pick-all = 見つかった{ $n }人を全員選ぶ
pick-none = すべて外す
pick-next = 次へ:確認

people-everyone = 選ばれた方全員
people-remaining = 送る方
people-back = 「{ $name }」の確認へ戻る

confirm-who = 送る方、送らない方
confirm-what = 送る内容
confirm-change-audience = 送る相手を変える
confirm-change-what = 内容を変える
confirm-obstacles = 送る前に、直すことがあります
confirm-preview = 届くときの見え方
confirm-others = ほかのお客様の見え方
confirm-needed = この文面は、名簿の項目「{ $fields }」が空の方には仕上げられず、送られません。空でも送るには、文面で default を添えてください。
confirm-start = { $n }人に送る
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
left-out-resigned = 登録の取消
left-out-dm-refused = DMを希望しない
left-out-address-invalid = アドレスが無効
left-out-lookalike = 打ち間違いの疑い
left-out-duplicate = 同じアドレス
left-out-cancelled = 配信を中止
left-out-unrenderable = 文面を仕上げられない
left-out-changed = 登録が変わった
left-out-why-excluded = この配信から、手で外した方です。
left-out-why-suppressed = 送信停止リストにあるアドレスの方です。
left-out-why-already-sent = 同じ文面のメールを、すでにお送りしたか、いま送っている方です。
left-out-why-no-consent = 広告メールへの同意の記録がない方です。
left-out-why-frequency-cap = 決めた期間に、決めた通数までのお知らせをすでにお送りした方です。
left-out-why-no-address = メールアドレスの登録がない方です。
left-out-why-opted-out = お知らせのメールを希望しない方です。
left-out-why-resigned = 登録が取り消された方です。
left-out-why-dm-refused = お店に「お知らせは希望しない」と伝えた方です。
left-out-why-address-invalid = 以前に届かず、使えないと分かっているアドレスの方です。正しいアドレスをうかがうと、また送れます。
left-out-why-lookalike = 別の会社に届いてしまう打ち間違いとみられるアドレスの方です。確かめるまで送りません。
left-out-why-duplicate = 同じアドレスの、より新しい登録がほかにある方です。送るかどうかは、新しい登録のほうで決めます。
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
report-people = { $n }人
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
