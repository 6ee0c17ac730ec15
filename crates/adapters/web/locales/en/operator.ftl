# Operators: the people who use this program
welcome-title = Welcome. Let us create the first owner
welcome-lead = This page appears once. Whoever you create here can invite the others.
welcome-create = Create and begin
done-welcome = The owner is created. A good start is to import your customers.

login-title = Log in
login-enter = Log in
login-wrong = The login or the password is wrong. { $left ->
    [one] One more wrong try locks it.
   *[other] After { $left } more wrong tries it will be locked.
 }
login-locked = Locked after five wrong passwords. Please ask an owner to unlock it on the operators page.
login-slow-down = Too many tries in a short time. Please wait about a minute and try again.
login-forgotten = Forgotten your password?
login-forgotten-what = Ask another owner to set a new one on the operators page. If there is only one owner, run todoku operator set-password on the server.
done-logged-out = You are logged out.

operators-title = Operators
operators-lead = Everyone who can log in.
operators-add = Add an operator
operators-add-lead = Tell them the login and the first password. They can change the password themselves.
operator-name = Name
operator-name-hint = Shown beside everything this person does.
operator-name-empty = Please enter a name of at most 100 characters.
operator-login = Login
operator-login-hint = A mail address or a short name. Capitals do not matter.
operator-login-empty = Please enter a login of at most 100 characters.
operator-login-space = A login cannot contain spaces.
operator-login-taken = Somebody else has this login. Please choose another.
operator-password = Password
operator-password-again = Password again
operator-role = Role
operator-role-hint = Owners can also change operators, sending domains and the sending route.
operator-language = Language
operator-standing = Standing
operator-last-login = Last login
operator-since = Added
operator-never = Not yet
operator-you = you
operator-locked = Locked
operator-locked-what = Five wrong passwords. Make sure it was this person, then unlock.
operator-open = Can log in
operator-unlock = Unlock
operator-own-password = Change your own password
operator-set-password = Set a new password
operator-set-password-what = This logs the person out everywhere. A lock stays until you lift it.
operator-change-role = Change role
operator-remove = Remove this operator…
operator-remove-now = Remove
operator-remove-what = { $name } will not be able to log in any more. The record of what was done stays.
operator-remove-owner-what = The owner { $name } will not be able to log in any more. The record of what was done stays.
operator-last-owner = This is the last owner. Without an owner nobody could run the house, so the role cannot be changed and the operator cannot be removed. Make somebody else an owner first.
role-owner = Owner
role-member = Member
language-name = English
button-back = Back

password-hint = At least { $min } characters. A few words you remember work well.
password-too-short = Too short: at least { $min } characters, please.
password-too-long = Too long. Please shorten it.
password-too-plain = Too easy to guess. Please choose another.
password-differs = The two entries differ. Please enter them again.
password-not-hashed = The password could not be saved. Please try again.

account-title = Your settings
account-password = Change password
account-password-what = Other devices are logged out.
account-current = Current password
account-current-wrong = The current password is wrong. { $left ->
    [one] One more wrong try locks it.
   *[other] After { $left } more wrong tries it will be locked.
 }
account-language = Change language

done-operator-added = The operator is added.
done-operator-role = The role is changed.
done-operator-unlocked = Unlocked.
done-operator-password = The password is set. Please tell the person.
done-operator-removed = The operator is removed.
done-password = Your password is changed.
done-language = The language is changed.
