# お客様
contacts-add = お客様を追加
contacts-import = 名簿を取り込む
contacts-imports = これまでの取り込み
contacts-search = 探す
contacts-search-hint = お名前・アドレス・電話番号・会社・お客様番号
contacts-all = すべて
contacts-none-yet = まだお客様がいません。お手元の名簿(CSV)を取り込むのが早道です。
contacts-none-found = 当てはまるお客様はいません。
contacts-show-all = 全員を表示

contact-name = お名前
contact-kana = ふりがな
contact-phone = 電話番号
contact-company = 会社
contact-external-id = お客様番号
contact-note = メモ
contact-address = メールアドレス
contact-address-hint = 全角で入っていても読み取ります。打ち間違いのようなら、保存の前にお尋ねします。
contact-standing = 送れるか
contact-provider = メール会社
contact-since = 登録した日
contact-extra = そのほかの項目
contact-nameless = (お名前なし)
contact-honorific = { " " }様
contact-edit = 編集
contact-edit-title = お客様の登録内容
contact-save = 保存
contact-empty = お名前・会社・電話番号・お客様番号・アドレスのどれかを入力してください。
contact-too-long = 長すぎます。{ $max }文字以内にしてください。
contact-number-taken = このお客様番号は、ほかのお客様に使われています。
contact-timeline = これまでのこと
contact-timeline-empty = まだ何も起きていません。
contact-timeline-cut = 新しいものだけを表示しています。
contact-reach = メールが送れるか
contact-facts = 登録内容

address-fix = { $to } に直す
address-keep = このままで正しい

reach-sendable = このアドレスへ送れます。
reach-opted-out = { $at }に配信停止になりました({ $route })。お知らせのメールは送られません。
reach-invalid = このアドレスには届かないことが分かっているため、送っていません。
reach-lookalike = { $meant } の打ち間違いとみられ、送っても別の会社の手元に渡るおそれがあるため、止めています。お客様に正しいアドレスをおたずねください。
reach-no-address = アドレスの登録がありません。電話やはがきで連絡するか、アドレスを登録してください。
reach-enter-address = アドレスを登録
reach-correct-address = アドレスを直す
reach-mark-valid = 使えると確かめた…
reach-mark-valid-what = 次の配信から、このアドレスへまた送ります。届かなければ、再び止めます。
reach-confirm = このアドレスで正しい…
reach-confirm-what = お客様に確かめたときだけ選んでください。次の配信から、このアドレスへ送ります。
reach-opt-out = 配信を停止する…
reach-opt-out-what = お知らせのメールを送らなくなります。同じアドレスのお客様がほかにいれば、その方も停止します。
reach-opt-in = 配信を再開する…
reach-opt-in-what = ご本人から希望があったときだけ選んでください。広告メールには、ご本人の同意が法律で求められています。
reach-yes = はい、そうします

route-page = 停止ページ
route-one-click = メールソフトの停止ボタン
route-operator = 担当者の操作
route-import = 取り込んだ名簿の指定
route-complaint = 迷惑メールの報告

timeline-message = 「{ $name }」
timeline-details = くわしく
event-contact-added = お客様を登録しました。
event-contact-imported = 名簿の取り込みで登録しました。
event-contact-edited = 登録内容を変更しました。
event-contact-edited-address = アドレスを { $before } から { $after } に変更しました。
event-contact-opted-out = 配信停止になりました({ $route })。
event-contact-opted-in = 配信を再開しました。
event-contact-address-invalid = アドレスが使えないと分かりました({ $reason })。次からは送りません。
event-contact-address-valid = アドレスは使えるものとして戻しました。
event-contact-address-confirmed = このアドレスで正しいと確かめました。
event-mail-handled = メールの代わりに別の方法で対応しました。{ $note }
event-mail-reopened = 「対応ずみ」を取り消しました。
event-by = { $what }({ $name })
event-by-removed = { $what }(今はいない担当者)
event-other = 記録: { $kind }

done-contact-added = お客様を登録しました。
done-contact-saved = 保存しました。
done-contact-opted-out = 配信を停止しました。
done-contact-opted-in = 配信を再開しました。
done-contact-valid = 次の配信から、このアドレスへ送ります。
done-contact-confirmed = このアドレスで正しいと記録しました。

# 届かなかった理由の説明
explain-full-stop = 。
explain-no-reason = 理由は分かりません
explain-for-customer = お客様へのご案内
explain-original = 相手の言葉(原文)
explain-other-provider = そのほか

story-attempt = { $number }回目。
story-next = 次は { $at }。
story-accepted = { $provider }のサーバーが受け取りました。
story-evidenced = 届いた証拠があります。
story-waiting = 送信の順番を待っています。
story-waiting-until = { $at }に送ります。
story-deferred = 一時的に断られたため、{ $next }にもう一度送ります。{ $until }まで繰り返します。
story-handled = 別の方法で対応ずみです。{ $note }

withheld-no-address = アドレスの登録がないため、送っていません。
withheld-opted-out = 配信停止のため、送っていません。
withheld-address-invalid = 使えないと分かっているアドレスのため、送っていません。
withheld-lookalike = 打ち間違いの疑いがあるアドレスのため、送っていません。
withheld-duplicate = 同じアドレスの別の登録に送るため、こちらには送っていません。
withheld-cancelled = 配信を中止したため、送っていません。
withheld-unrenderable = 文面をこの方の分に仕上げられなかったため、送っていません。
withheld-changed = 送る前に登録が変わったため、送っていません。
