# 送信元ドメイン
ready-good = 準備よし
ready-warning = 注意あり
ready-wrong = 直す所あり
ready-unchecked = 未確認
ready-what-good = { $domain } の設定はそろっています。
ready-what-warning = { $domain } から送れますが、見直したい設定があります。
ready-what-wrong = { $domain } の設定に足りない所があり、断られるメールが出ます。
ready-what-unchecked = { $domain } の設定をまだ確かめていません。
ready-look = 設定を見る

record-good = よし
record-warning = 注意
record-missing = まだない
record-wrong = 違っている
record-unknown = 確かめられない
record-unchecked = 未確認
