# Templates
templates-new = New template
templates-none = There are no templates yet. "New template" lets you write one; names and other fields can be filled in.
template-name = Name of the template
template-name-hint = For your lists. Customers never see it.
template-name-empty = Please enter a name of at most { $max } characters.
template-subject = Subject
template-subject-hint = The first line a customer sees. Fields can be filled in here too.
template-text = Text
template-text-hint = Also reaches people whose mail program or telephone shows no HTML.
template-html = HTML
template-html-hint = Only if you want colours or pictures besides the text.
template-with-html = Send HTML as well (optional)
template-saved-at = Saved
template-save = Save
template-try = Preview without saving
template-preview = Preview
template-send = Send this
template-copy = Copy
template-copy-of = Copy of { $name }
template-refused = Not saved yet. What you typed is still here. Please correct what is marked in red and save again.
template-advice = Worth a look before sending
template-fields = Fields that can be filled in
template-fields-hint = Press one to put it where you are writing. The words between " " are used for customers who have no such entry.
template-fields-odd = Cannot be used in a template because of blanks or signs in their names: { $names }. Rename the columns in your list and import it again.
template-nameless = customer
template-at-line = Line { $line }: { $words }
template-starter =
    Dear { "{{" } name | default("customer") { "}}" },

    Thank you for shopping with us.


    --
    Name of the shop
    Address, telephone

    If you no longer want this news, please use this page:
    { "{{" } unsubscribe_url { "}}" }

field-name = Name
field-kana = Reading
field-address = Mail address
field-phone = Telephone
field-company = Company
field-customer-number = Customer number
field-unsubscribe-url = Unsubscribe page

letter-subject = Subject
letter-width = Width
letter-pc = Computer
letter-phone = Telephone
letter-html = Preview of the HTML
letter-text = What people without HTML see

preview-as = As { $name } will get it.
preview-as-nobody = There are no customers yet, so the fields are empty.
preview-choose = Look at it as
preview-unsaved = This is not saved. Close this tab to go back to writing.
preview-cannot = It cannot be filled in for this customer.

done-template-saved = Template saved.
