# 文面
templates-new = 新しい文面
templates-none = まだ文面がありません。「新しい文面」から書けます。お名前などの差し込みも使えます。
template-name = 文面の名前
template-name-hint = 一覧に出る名前です。お客様には見えません。
template-name-empty = 名前を{ $max }文字以内で入力してください。
template-subject = 件名
template-subject-hint = お客様が最初に見る1行です。差し込みも使えます。
template-text = 本文
template-text-hint = HTML を表示しない方や携帯電話にも、この本文が届きます。
template-html = HTML
template-html-hint = 本文のほかに、色や写真の入ったメールを送りたいときだけ書きます。
template-with-html = HTML も送る(なくてもかまいません)
template-saved-at = 保存した日時
template-save = 保存
template-try = 保存せずにプレビュー
template-preview = プレビュー
template-send = この文面で配信
template-copy = 写して新しく書く
template-copy-of = { $name } の写し
template-refused = まだ保存していません。入力はこの画面に残っています。下の赤い説明の所を直して、もう一度保存してください。
template-advice = 送る前に見直したいこと
template-fields = 差し込みできる項目
template-fields-hint = 押すと、書いている場所に入ります。" " の中は、登録がないお客様のときに代わりに入る言葉です。
template-fields-odd = 名前に空白や記号があるため、文面では使えない項目: { $names }。名簿の見出しを文字だけに変えて取り込み直すと使えます。
template-nameless = お客様
template-at-line = { $line }行目: { $words }
template-starter =
    { "{{" } name | default("お客様") { "}}" } 様

    いつもご利用いただき、ありがとうございます。


    --
    お店の名前
    住所・電話番号

    今後このお知らせがご不要な方は、次のページからお手続きください。
    { "{{" } unsubscribe_url { "}}" }

field-name = お名前
field-kana = ふりがな
field-address = メールアドレス
field-phone = 電話番号
field-company = 会社
field-customer-number = お客様番号
field-unsubscribe-url = 配信停止ページ

letter-subject = 件名
letter-width = 表示の幅
letter-pc = パソコン
letter-phone = 携帯電話
letter-html = HTML のプレビュー
letter-text = HTML を表示しない方に届く本文

preview-as = { $name } 様に届くとおりの表示です。
preview-as-nobody = お客様の登録がまだないため、差し込みは空で表示しています。
preview-choose = どなたの目で見るか
preview-unsaved = 保存していない内容です。このタブを閉じると、書いている画面に戻れます。
preview-cannot = このお客様の分は仕上げられません。

done-template-saved = 文面を保存しました。
