# リンクのクリックの記録
follow-unknown = このリンクは読み取れませんでした
follow-unknown-what = リンクが途中で切れているようです。お手数ですが、届いたメールのリンクをもう一度開くか、メールの送り主にお問い合わせください。
clicks-title = リンクのクリック
clicks-link = リンク
clicks-people = 開いた方
clicks-times = クリック
clicks-machine = 機械
clicks-all = すべてのリンク
clicks-once = いくつものリンクを開いた方も、合計では1人と数えます。
clicks-none = リンクを開いた方は、まだいません。
clicks-summary = { $count ->
   *[other] { $people }人がリンクを開きました(合わせて{ $times }回)。
 }
clicks-as-segment = この方々を条件にする
clicks-no-links = 記録できるリンクがありません。リンクは、最初の1通を作るときに登録されます。
clicks-machines-what = 「機械」は、セキュリティソフトなどがメールを調べるために開いた回数です。人の数、クリックの数、届いた証拠には入れていません。
clicks-who-title = リンクを開いた方
clicks-machine-title = 機械が開いた記録
clicks-any-link = どれかのリンク
clicks-of-person = { $times }回、最後は{ $at }
clicks-message = メールを見る
clicks-erased = 個人情報を消去した方
clicks-sign-head = 確認だけの問い合わせ(HEAD)でした。
clicks-sign-fetch-ahead = 画面を先読みするための問い合わせでした。
clicks-sign-agent = 自動で動くプログラムを名乗っていました。
clicks-sign-soon = 受信側がメールを受け取る前か、その直後でした。
clicks-sign-together = 10秒以内にすべてのリンクを開いていました。
