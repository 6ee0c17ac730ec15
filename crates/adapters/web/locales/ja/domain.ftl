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

domains-lead = お店からのメールだと受信側に分かってもらうための設定です。差出人に使うドメインごとに行います。
domains-none = まだありません。差出人に使うお店のドメイン(メールアドレスの「@」より右側)を追加してください。
domains-add = ドメインを追加
domains-add-yes = 追加して、必要な設定を見る
domain-name = お店のドメイン
domain-name-hint = 例: hanaya-midori.example
domain-empty = ドメインを入力してください。
domain-known = { $domain } はすでに登録されています。
domain-checked-at = { $at }に確かめました。
domain-never-checked = まだ確かめていません。
domain-standing = { $what }{ $at }
domain-check = いまの DNS を確かめる
domain-how = ドメインを契約した会社の「DNS 設定」の画面で、次の記録を追加してください。追加してから反映されるまで、数分から1日ほどかかることがあります。
domain-relay-spf = 中継サーバーを通して送る設定です。中継サーバーの会社が案内している SPF の語(include:… など)も、下の SPF の1行に加えてください。
domain-no-ips = このサーバーの送信用 IP アドレスが設定されていないため、SPF の値にアドレスが入っていません。管理している方に、設定ファイルの sending_ips をお確かめください。
domain-remove = このドメインを外す…
domain-remove-what = このドメインを差出人にした配信ができなくなり、署名の鍵も消えます。同じドメインを追加し直すと、DNS に新しい鍵の登録が必要です。
domain-remove-yes = 外す
domain-in-use-title = まだ外せません
domain-in-use = { $domain } を差出人にした配信が終わっていません。配信が終わるか、中止してから外してください。

purpose-spf = SPF(送信サーバーの申告)
purpose-dkim-rsa = DKIM 署名の鍵(RSA)
purpose-dkim-ed25519 = DKIM 署名の鍵(Ed25519)
purpose-dmarc = DMARC(なりすましの扱い)
purpose-dmarc-reports = DMARC 報告の受け取り許可
purpose-return-path-mx = エラーメールの戻り先(MX)
purpose-return-path-spf = エラーメール用ドメインの SPF

record-kind = 種類
record-name = 名前
record-short-name = 名前(ドメイン名が自動で付く画面のとき)
record-value = 値
record-suggested = いまの値をこの1行に置き換える
record-split = 255文字までしか入らない画面のとき(分けた書き方)
record-seen = いま DNS にある値
records-hand-over = DNS を管理する会社や担当の方に渡す文を作る
records-letter = { $domain } の DNS に、次の記録を追加してください。すでに同じ名前の SPF がある場合は、追加せず1行にまとめてください。

done-domain-added = ドメインを追加しました。下の記録を DNS に登録してください。
done-domain-checked = DNS を確かめました。
done-domain-removed = ドメインを外しました。
