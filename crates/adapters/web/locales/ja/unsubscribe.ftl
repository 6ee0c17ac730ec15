# お客様が開く配信停止ページ
unsubscribe-title = お知らせメールの停止
unsubscribe-ask = 次のアドレスへのお知らせメールを停止します。
unsubscribe-ask-from = 「{ $from }」から次のアドレスへのお知らせメールを停止します。
unsubscribe-stop = 停止する
unsubscribe-what = ご注文の確認など、お取引に必要なご連絡は、停止したあとも届くことがあります。
unsubscribe-done = 停止しました
unsubscribe-done-what = 今後、次のアドレスへお知らせメールをお送りしません。行き違いで、数日のうちに届くものがありましたらお許しください。
unsubscribe-unknown = このリンクでは停止できませんでした
unsubscribe-unknown-what = リンクが途中で切れているか、古くなっているようです。お手数ですが、届いたメールのリンクをもう一度開くか、そのメールに「停止希望」とご返信ください。
unsubscribe-stop-all = すべて停止する
unsubscribe-some = 一部だけ受け取る
unsubscribe-some-what = 受け取りたいお知らせに印を付けてください。印のないものは、お送りしません。
unsubscribe-save = この内容で受け取る
unsubscribe-saved = 承りました
unsubscribe-saved-what = これからは、お選びいただいたお知らせだけをお送りします。このページでいつでも変えられます。
