// The whole way of a shop: from an empty house to an explained outcome for each of 300 customers.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { count, demo, recordsOf, upload, waterfall } from "./acts.mjs";
import { Stage, password, rest, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const customers = 300;

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ delivery: { connections_per_site: 1 }, simulate: ["--latency-ms", "40"] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const kpis = async () => (await midori.page.locator(".kpi b").allInnerTexts()).map(count);

step("the first page makes the owner, who then logs in", async () => {
  await midori.go("/");
  assert.match(midori.page.url(), /\/welcome$/);
  await midori.fill({ name: "店主 みどり", login: "midori", password: "short", again: "short" });
  await midori.press("作成して始める");
  assert.match(await midori.wrong("password"), /10文字以上/);
  assert.equal(await midori.value("name"), "店主 みどり");
  await midori.fill({ password, again: password });
  await midori.press("作成して始める");
  await midori.says("管理者を作りました。", "はじめの4つ");
  await midori.press("ログアウト", midori.page.locator("nav.rail"));
  await midori.go("/welcome");
  assert.match(midori.page.url(), /\/login$/, "only once");
  await midori.login("midori");
});

step("the sending domain: the records to add, and the check that turns green", async () => {
  await midori.go("/domains");
  await midori.fill({ name: "info@gmail.com" });
  await midori.press("追加して、必要な設定を見る");
  assert.match(await midori.wrong("name"), /gmail\.com のアドレスは差出人に使えません/);
  await midori.fill({ name: `https://www.${shop}/` });
  await midori.press("追加して、必要な設定を見る");
  await midori.says("ドメインを追加しました。", shop, "未確認");
  const records = await recordsOf(midori);
  for (const kind of [/^v=spf1 /, /^v=DKIM1;.*k=rsa/, /^v=DKIM1;.*k=ed25519/, /^v=DMARC1/, /mail\.todoku\.example\.?$/]) {
    assert.ok(records.some((record) => kind.test(record.value)), `${kind}`);
  }
  const rsa = midori.page.locator("#record-dkim_rsa");
  await rsa.getByRole("button", { name: "コピー" }).last().click();
  await rsa.getByRole("button", { name: "コピーしました" }).waitFor();
  const copied = await midori.page.evaluate(() => navigator.clipboard.readText());
  assert.ok(records.some((record) => record.value === copied), copied);
  await midori.press("いまの DNS を確かめる");
  await midori.says("直す所あり", "まだない");
  await stage.publish(records);
  await midori.press("いまの DNS を確かめる");
  await midori.says("準備よし", `${shop} の設定はそろっています。`);
  assert.equal(await midori.page.locator(".card.record h2", { hasText: "よし" }).count(), records.length);
});

step("a list of customers from the till's program comes in", async () => {
  await upload(stage, midori, "customers.csv", await demo("customers.csv"));
  assert.equal(await midori.value("encoding"), "Shift_JIS", "CP932 is recognised");
  await midori.says("koalakaede-1219@docomo.ne.jp", "青木葵");
  assert.equal(await midori.page.getByLabel("メールアドレス", { exact: true }).inputValue(), "address");
  assert.equal(await midori.page.getByLabel("メルマガ", { exact: true }).inputValue(), "wants_mail");
  await midori.press("この内容で取り込みを始める");
  await midori.page.getByRole("link", { name: "別の名簿を取り込む" }).waitFor();
  await midori.look();
  const [added, updated, unchanged, failed] = await kpis();
  assert.equal(added + updated + unchanged + failed, customers);
  assert.ok(failed > 0, "the list has rows that cannot be taken");
  const [download] = await Promise.all([
    midori.page.waitForEvent("download"),
    midori.page.getByRole("link", { name: "理由付きのファイルを受け取る" }).click(),
  ]);
  const bytes = await readFile(await download.path());
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes), "CP932, as it came");
  const lines = new TextDecoder("shift_jis", { fatal: true }).decode(bytes).trimEnd().split("\r\n");
  assert.equal(lines.length, failed + 1);
  assert.match(lines[0], /^お客様番号,.*取り込めなかった理由$/);
  for (const line of lines.slice(1)) assert.match(line, /。"?$/, "each row has its reason");
  await midori.go("/contacts");
  await midori.says(`すべて ${added}`);
});

step("a template greets by name, and shows itself as one customer gets it", async () => {
  await midori.go("/templates/new");
  const [subject, text, html] = await Promise.all(["subject.txt", "template.txt", "template.html"].map(demo));
  await midori.fill({ name: "冬のご予約", subject: `${subject}`.trim(), text: `${text}` });
  await midori.page.locator("summary", { hasText: "HTML も送る" }).click();
  await midori.fill({ html: `${html}` });
  await midori.press("保存");
  await midori.says("文面を保存しました。");
  await midori.press("プレビュー");
  await midori.fill({ q: "青木葵" });
  await midori.press("探す");
  await midori.press(/青木葵/);
  await midori.says("青木葵 様に届くとおりの表示です。", "【花屋みどり】冬のご予約を始めました");
  const letter = midori.page.frameLocator(".letter iframe");
  await letter.getByText("青木葵").first().waitFor();
});

/** Presses a number and counts the people behind it. */
async function peopleBehind(link) {
  await midori.go(await link.getAttribute("href"));
  return count(/(?<total>[\d,]+)件中/.exec(await midori.words()).groups.total);
}

let everyone, left;
step("a broadcast: what, to whom, and who is left out", async () => {
  await midori.press("配信");
  await midori.press("新しい配信");
  await midori.fill({ name: "冬のご予約のご案内", from_name: "花屋みどり", from_address: `info@${shop}` });
  await midori.press("次へ:送る相手");
  await midori.page.getByLabel("すべてのお客様").check();
  await midori.press("次へ");
  const bars = await waterfall(midori);
  everyone = bars[0][1];
  left = bars.at(-1)[1];
  assert.ok(bars.length > 3, `${bars}`);
  assert.equal(bars.slice(1).reduce((sum, [, people]) => sum + people, 0), everyone, "the waterfall adds up");
  const links = midori.page.locator(".fall .num a");
  assert.equal(await links.count(), bars.length);
  const confirm = midori.page.url();
  assert.equal(await peopleBehind(links.nth(1)), bars[1][1], "the number is the list behind it");
  await midori.go(new URL(confirm).pathname);
  await midori.says("届くときの見え方", "【花屋みどり】冬のご予約を始めました", `${left}人に送る`);
});

/** People with an outcome already, as the bar says. */
async function done() {
  const words = await midori.page.locator(".progress").innerText({ timeout: 1000 }).catch(() => "");
  return count(/人中 ([\d,]+)人/.exec(words)?.[1] ?? "0");
}

step("it is watched without a reload, paused and gone on with", async () => {
  await midori.press(`${left}人に送る`);
  await midori.says("送り始めました。");
  const [first, second] = await midori.stays(async () => {
    const first = await until("some are done", done);
    return [first, await until("more are done", async () => (await done()) > first && done())];
  });
  assert.ok(first < second && second < left, `${first} then ${second} of ${left}`);
  await midori.confirm("一時停止", "一時停止する");
  await midori.says("一時停止しました。", "一時停止中", /残り \d+人/);
  const delivered = async () => (await stage.journal()).filter((line) => line.kind === "delivery").length;
  let before = await delivered();
  await until("what was under way is out", async () => {
    await rest(700);
    return before === (before = await delivered());
  });
  await rest(1000);
  assert.equal(await delivered(), before, "nothing goes out during a pause");
  assert.ok(before < left);
  await midori.confirm("再開", "再開する");
  await midori.says("再開しました。");
  await midori.page.getByText("完了", { exact: true }).waitFor({ timeout: 60_000 });
  await midori.look();
});

step("the report adds up, and agrees with what the providers got", async () => {
  const report = new URL(midori.page.url()).pathname;
  const late = async () => (await stage.journal()).filter((line) => line.kind === "bounce").length;
  await until("late bounces are in the report", async () => {
    await midori.go(report);
    const bars = new Map(await waterfall(midori));
    return (bars.get("後日不達") ?? 0) === (await late()) && (await late()) > 0;
  });
  assert.equal((await kpis()).reduce((sum, people) => sum + people, 0), everyone, "every person has one outcome");
  const bars = await waterfall(midori);
  const border = bars.findIndex(([words]) => words === "送る方");
  const outcomes = new Map(bars.slice(border + 1));
  assert.equal([...outcomes.values()].reduce((sum, people) => sum + people, 0), left, "outcomes add up to those written to");
  const [columns, ...rows] = await midori.page.locator("table.heat tr").evaluateAll((rows) =>
    rows.map((row) => [...row.cells].slice(1).map((cell) => cell.innerText)));
  columns.forEach((state, n) => {
    const sum = rows.reduce((sum, row) => sum + count(row[n]), 0);
    assert.equal(sum, outcomes.get(state), `provider × outcome: ${state}`);
  });
  const got = (await stage.journal()).filter((line) => line.kind === "delivery").map((line) => line.recipient);
  assert.equal(got.length, new Set(got).size, "nobody got it twice");
  assert.equal(got.length, outcomes.get("受信側が受領") + outcomes.get("後日不達"));
  const reasons = await midori.page.locator(".reason").count();
  assert.ok(reasons > 3, "reasons are told");
  await midori.portrait("report-ja");
  await midori.go("/");
  await midori.says("今日、手が要ることは");
  await midori.portrait("home-ja");
});

let person;
step("one who did not get it: what happened, whose turn it is, and the original words", async () => {
  await midori.go("/desk");
  await midori.portrait("desk-ja");
  await midori.go("/desk?reason=userunknown&provider=docomo");
  const item = midori.page.locator("li.case").first();
  const words = await item.innerText();
  assert.match(words, /宛先なし[\s\S]*このメールアドレスは存在しません。/);
  assert.match(words, /(当店|お客様|受信側)の番です/);
  person = { name: await item.locator(".who b").innerText(), address: await item.locator(".who code").innerText() };
  await midori.press(/冬のご予約のご案内/, item);
  await midori.page.locator(".chain summary", { hasText: "相手の言葉(原文)" }).first().click();
  await midori.says(person.address, "このメールアドレスは存在しません。", "の番です", `550 Unknown user ${person.address}`);
  await midori.says("このアドレスは使えないと分かったので、次からは送りません。");
  await midori.portrait("message-ja");
});

step("the address is corrected and the message goes out again at once", async () => {
  await midori.press("アドレスを直して再送");
  await midori.says(`${person.name} 様のアドレスを直して再送`, "届かなかった理由");
  await midori.submit("/correct");
  await midori.says("アドレスが変わっていません。");
  await midori.fill({ address: "natsu-no-himawari@docomo.ne.jp" });
  await midori.press("直して再送する");
  await midori.says("アドレスを直して、送り直しています。", "natsu-no-himawari@docomo.ne.jp");
  const message = new URL(midori.page.url()).pathname;
  await until("it is accepted", async () => {
    await midori.go(message);
    return (await midori.words()).includes("受信側が受領");
  });
  const got = (await stage.journal()).filter((line) => line.kind === "delivery" && line.recipient.startsWith("natsu-no-"));
  assert.equal(got.length, 1);
  assert.match(got[0].content, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
});

step("the person's own page tells all of it", async () => {
  await midori.go(`/contacts?q=${encodeURIComponent(person.name)}`);
  await midori.press(person.name);
  await midori.says(
    "名簿の取り込みで登録しました。", "「冬のご予約のご案内」", "宛先なし", "アドレスが使えないと分かりました",
    `アドレスを ${person.address} から natsu-no-himawari@docomo.ne.jp に変更しました。`, "受信側が受領", "送れます",
  );
});

step("another is told by telephone, which is noted and can be taken back", async () => {
  const open = async () => count((await midori.page.locator("nav.rail .n.hot").innerText()));
  await midori.go("/desk?reason=mailboxfull");
  const before = await open();
  const item = midori.page.locator("li.case").first();
  const name = await item.locator(".who b").innerText();
  await item.locator("summary", { hasText: "別の方法で対応した" }).click();
  await item.locator('[name="way"]').selectOption({ label: "電話" });
  await item.locator('[name="note"]').fill("お取り置きを約束");
  await midori.press("対応ずみにする", item);
  await midori.says("1件を対応ずみにしました。");
  assert.equal(await open(), before - 1);
  await midori.press("対応ずみを取り消す");
  assert.equal(await open(), before);
  await midori.go(`/contacts?q=${encodeURIComponent(name)}`);
  await midori.press(name);
  await midori.says("メールの代わりに別の方法で対応しました。電話(お取り置きを約束)", "「対応ずみ」を取り消しました。(店主 みどり)");
});

step("several at once are sent again", async () => {
  await midori.go("/desk?reason=expired");
  const button = midori.page.locator("summary", { hasText: "選んだ方へ送り直す" });
  await midori.page.locator("li.case input[data-row]").nth(0).check();
  await midori.page.locator("li.case input[data-row]").nth(1).check();
  assert.equal(await midori.page.locator("[data-pick-count]").innerText(), "2");
  await button.click();
  await midori.press("送り直す", midori.page.locator("form.bulk"));
  await midori.says("2人へ送り直しています。");
});
