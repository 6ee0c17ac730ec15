// A letter with links: what the shop is told before it goes out, who follows them, and a group made of those people.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, importList, send } from "./acts.mjs";
import { Stage, password, rest, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const list = `お名前,メールアドレス
青木 葵,aoi@aozora-bungu.example
小川 誠,makoto@aozora-bungu.example
森 さくら,sakura@aozora-bungu.example
`;
const text = `{{ name }} 様

春の花がそろいました。
https://hana.example/spring/2026/cherry-blossoms-and-tulips-for-your-table?utm_source=mail&utm_campaign=spring
お客様のページ: https://hana.example/my/{{ customer_number }}

停止: {{ unsubscribe_url }}
`;
const html = `<p>{{ name }} 様</p><p><a href="https://hana.example/spring/2026/cherry-blossoms-and-tulips-for-your-table?utm_source=mail&amp;utm_campaign=spring">春の花</a>
<a href="https://hana.example/sale">値引き</a> <a href="https://hana.example/shops">店舗</a></p>
<p><a href="https://hana.example/my/{{ customer_number }}">お客様のページ</a> <a href="{{ unsubscribe_url }}">停止</a></p>`;
const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1";

let stage, chromium, midori, ann;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }, { login: "ann", name: "Ann", language: "en" }] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  ann = await chromium.visitor(stage, { language: "en" });
});
after(async () => {
  await ann?.close();
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

/** The addresses of the recorded links in the mail that came to somebody, in the order of their numbers. */
async function linksOf(address) {
  const [message] = (await stage.journal()).filter((line) => line.kind === "delivery" && line.recipient === address);
  const parts = message.content.split(/\r?\n\r?\n/).map((part) => part.replace(/=\r?\n/g, "").replace(/=3D/g, "="));
  const decoded = parts.map((part) => Buffer.from(part.replace(/--=_.*$/s, ""), "base64").toString("utf8"));
  const found = [...parts, ...decoded].join("\n").match(/http:\S+?\/l\/[\w-]+/g);
  return [...new Set(found)].sort();
}

const follow = (link, agent = phone) =>
  fetch(link, { redirect: "manual", headers: { "user-agent": agent } });

let report;
step("before it goes out, the shop is told what is recorded", async () => {
  await midori.login("midori");
  await importList(stage, midori, "customers.csv", list);
  await addDomain(stage, midori, shop);
  await midori.go("/templates/new");
  await midori.page.locator("main details", { has: midori.page.locator('[name="html"]') }).locator("summary").click();
  await midori.fill({ name: "春の便り", subject: "春の花", text, html });
  await midori.submit("/templates");
  await midori.go("/broadcasts/new");
  await midori.fill({ name: "春の便り", from_name: "花屋みどり", from_address: `info@${shop}` });
  await midori.page.locator('[name="records_clicks"]').check();
  await midori.page.locator("summary", { hasText: "受け取る方からは" }).click();
  await midori.says("届いた証拠", "IPアドレスや機種は残しません");
  await midori.look();
  await midori.submit("/broadcasts");
  await midori.page.locator('[name="kind"][value="all"]').check();
  await midori.submit("/audience");
  await midori.says("3か所のリンク先を記録します");
  await midori.page.locator("summary", { hasText: "記録しないリンク" }).click();
  await midori.says("https://hana.example/my/{{ customer_number }}");
  await midori.look();
});

step("two customers follow links, and a scanner looks at the third one's mail", async () => {
  await send(midori);
  report = new URL(midori.page.url()).pathname;
  await midori.says("リンクを開いた方は、まだいません。");
  const [aoi, makoto, sakura] = await Promise.all(
    ["aoi", "makoto", "sakura"].map((name) => linksOf(`${name}@aozora-bungu.example`)));
  assert.deepEqual([aoi.length, makoto.length, sakura.length], [3, 3, 3]);
  await rest(3_500);
  const answer = await follow(aoi[0]);
  assert.equal(answer.status, 302);
  assert.match(answer.headers.get("location"), /^https:\/\/hana\.example\/spring\/2026\/.*&utm_campaign=spring$/);
  for (const link of [aoi[0], aoi[1], makoto[1]]) await follow(link);
  for (const link of sakura) await follow(link);
  await follow(makoto[2], "Mozilla/5.0 (compatible; Barracuda Link Protection)");
  await midori.go("/l/l-cut-off", 404);
  await midori.says("このリンクは読み取れませんでした");
  await until("the numbers", async () => {
    await midori.go(report);
    return (await midori.words()).includes("2人がリンクを開きました(合わせて4回)");
  }, 30_000);
});

step("each number leads to its people, and the people to their evidence", async () => {
  const row = midori.page.locator("tr", { hasText: "hana.example/sale" });
  assert.deepEqual(await row.locator("td.num").allInnerTexts(), ["2", "2", "1"]);
  await row.locator("td.num a").first().click();
  await midori.page.waitForLoadState("load");
  await midori.look();
  await midori.says("リンクを開いた方", "https://hana.example/sale", "青木 葵", "小川 誠");
  await midori.press("青木 葵");
  await midori.says("メールのリンクを開きました");
  await midori.go(`${report}/clicks`);
  await midori.press("メールを見る", midori.page.locator("li", { hasText: "青木" }));
  await midori.says("届いた証拠あり", "お客様がリンクを開きました", "リンクを開きました");
  await midori.go(`${report}/clicks?machine=1`);
  await midori.says("森 さくら", "10秒以内にすべてのリンクを開いていました", "自動で動くプログラムを名乗っていました");
});

step("those who followed a link become a group, and a page says why somebody is not in it", async () => {
  await midori.go(report);
  await midori.press("この方々を条件にする");
  await midori.says("リンクを開いた人");
  const link = midori.page.locator('select[aria-label="リンク"]');
  const shown = (await link.locator("option").allTextContents()).map((words) => words.trim());
  assert.equal(shown[0], "どのリンクでも");
  assert.deepEqual(shown.slice(2), ["hana.example/sale", "hana.example/shops"]);
  await midori.stays(async () => {
    await link.selectOption({ label: "hana.example/sale" });
    await midori.fill({ name: "値引きを見た方" });
    await until("the sentence", async () => (await midori.words()).includes("リンク『https://hana.example/sale』を開いた人"));
  });
  await midori.press("保存する");
  await midori.says("青木 葵", "小川 誠");
  const segment = new URL(midori.page.url()).pathname;
  await midori.go("/contacts?q=森");
  await midori.press("森 さくら");
  const sakura = new URL(midori.page.url()).pathname.split("/").pop();
  await midori.go(`${segment}/why/${sakura}`);
  await midori.says("この条件に当てはまりません", "この方では 0 回");
});

// The names are Japanese, so that the words around them are looked at one by one.
step("and all of it in English", async () => {
  const { page } = ann;
  const read = async (path, ...expected) => {
    await page.goto(path);
    await ann.says(...expected);
  };
  await page.goto("/login");
  await ann.fill({ login: "ann", password });
  await page.locator("main form button.primary").click();
  await page.waitForURL("/");
  await read(report, "2 people followed a link (4 clicks in all).", "People Clicks Machines", "All links 2 4 4");
  await read(`${report}/clicks?machine=1`, "Links followed by machines", "It called itself a program.");
  await read("/segments/new?of-0=deed%3Aclicked", "followed a link", "Words in the link's address");
  await read("/broadcasts/new", "Record clicks on links", "What readers see, and what is not recorded");
  await read("/l/cut-off", "This link cannot be read");
  assert.deepEqual(ann.faults.splice(0), []);
});
