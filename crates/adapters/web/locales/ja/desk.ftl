# 「届いていない」の机
desk-lead = 届かなかったメールを、お一人ずつ、理由と次の一手とともに並べています。済んだものは一覧から消えます。
desk-all = すべて
desk-none = 「届いていない」は残っていません。
desk-none-found = 当てはまるものはありません。
desk-search-hint = お名前・アドレス・件名・配信コード(42550 など)
desk-with-handled = 対応ずみも表示
desk-only-broadcast = 配信「{ $name }」だけを表示しています。
desk-every-broadcast = すべての配信を表示
desk-pick = { $name } を選ぶ
desk-pick-all = このページをすべて選ぶ
desk-resend-several = 選んだ方へ送り直す…
desk-handle-several = 選んだ方を対応ずみに…
desk-handled = 対応ずみ
desk-correct = アドレスを直して再送

resend = そのまま再送…
resend-what = いま登録されているアドレスへ、同じ文面をもう一度送ります。配信停止の方や、使えないと分かっているアドレスには送られません。
resend-yes = 送り直す

handle = 別の方法で対応した…
handle-what = 電話などでお伝えしたことを記録し、この一覧から外します。あとで取り消せます。
handle-way = 対応した方法
handle-note = メモ(なくてもかまいません)
handle-note-of = { $way }({ $note })
handle-yes = 対応ずみにする
handle-undo = 対応ずみを取り消す
way-phone = 電話
way-sms = SMS
way-line = LINE
way-fax = FAX
way-letter = 手紙
way-other = そのほか

correct-title = { $name } 様のアドレスを直して再送
correct-lead = 「{ $what }」は { $address } に届きませんでした。
correct-address = 正しいアドレス
correct-what = お客様の登録を直し、同じ文面をすぐに送ります。
correct-phone = お電話: { $phone }
correct-why = 届かなかった理由
correct-yes = 直して再送する
correct-empty = 正しいアドレスを入力してください。
correct-same = アドレスが変わっていません。同じアドレスへは「そのまま再送」をお使いください。
correct-not-saved = 保存できませんでした。お客様の登録が削除されたかもしれません。
correct-changed-already = 送ったあとに、登録アドレスが変わっています。下のアドレスでよければ、そのまま再送できます。

done-desk-resent = { $n }人へ送り直しています。
done-desk-resent-partly = 送り直しました。ただし{ $n }人は、配信停止かアドレスが使えないため送っていません。理由はお一人ずつの画面にあります。
done-desk-handled = { $n }件を対応ずみにしました。
done-desk-undone = { $n }件を一覧に戻しました。
done-desk-corrected = アドレスを直して、送り直しています。

way-leave = そのままにした
doubt-resend = もう一度送る…
doubt-resend-what = このお客様にもう一度送ります。前の1通が実は届いていた場合は、同じメールが2通届きます。
doubt-leave = そのままにする…
doubt-leave-what = 送り直さず、「届いていない」の一覧から外します。あとで戻せます。
doubt-leave-yes = そのままにする
