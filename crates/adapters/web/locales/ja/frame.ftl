# 画面の枠
frame-skip = 本文へ
frame-navigation = メイン
frame-home = ホーム
frame-desk = 届いていない
frame-contacts = お客様
frame-segments = 条件
frame-broadcasts = 配信
frame-queue = 送信待ち
frame-templates = 文面
frame-explain = エラーメールを読む
frame-domains = 送信元ドメイン
frame-sources = 送信元
frame-operators = 担当者
frame-logout = ログアウト
frame-other-language = English

# 状態。まず言葉、色はその次
state-withheld = 送信せず
state-waiting = 送信待ち
state-deferred = 再試行中
state-accepted = 受信側が受領
state-evidenced = 届いた証拠あり
state-refused = 届いていない
state-bounced = 後日不達
state-doubtful = 届いていないかも

standing-sendable = 送れます
standing-opted-out = 配信停止
standing-dm-refused = DM希望せず
standing-resigned = 登録取消
standing-invalid = アドレス無効
standing-no-address = アドレスなし
standing-lookalike = 打ち間違いの疑い

# 日付
time-this-year = { $month }{ $day }日({ $weekday }) { $clock }
time-other-year = { $year }年{ $month }{ $day }日({ $weekday }) { $clock }
time-weekday-1 = 月
time-weekday-2 = 火
time-weekday-3 = 水
time-weekday-4 = 木
time-weekday-5 = 金
time-weekday-6 = 土
time-weekday-7 = 日
time-month-1 = 1月
time-month-2 = 2月
time-month-3 = 3月
time-month-4 = 4月
time-month-5 = 5月
time-month-6 = 6月
time-month-7 = 7月
time-month-8 = 8月
time-month-9 = 9月
time-month-10 = 10月
time-month-11 = 11月
time-month-12 = 12月

pager-name = ページ送り
pager-range = { $total }件中 { $from }–{ $to }件
pager-before = 前へ
pager-next = 次へ

copy-button = コピー
copy-done = コピーしました

# 記録を書き込めないとき、どの画面にも出る
frame-standstill-full = サーバーのディスクがいっぱいのため、送信と取り込みを止めています。空き容量を増やしてください。
frame-standstill-store = 記録を書き込めないため、送信と取り込みを止めています。サーバーを管理している方にお知らせください。
frame-standstill-safe = 送信待ちのメールも、取り込みの続きも失われていません。書き込めるようになると、自動で再開します。
frame-standstill-words = もとのエラー
