// The way out: a customer's link, her mail program's button, and that nothing is sent to her afterwards.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, compose, importList, send, waterfall, writeTemplate } from "./acts.mjs";
import { Stage, shop, step } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const list = `お名前,メールアドレス
青木 葵,aoi@aozora-bungu.example
小川 誠,makoto@aozora-bungu.example
森 さくら,sakura@aozora-bungu.example
`;

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

/** The messages that came to an address. */
async function mailbox(address) {
  return (await stage.journal()).filter((line) => line.kind === "delivery" && line.recipient === address);
}

/** The link in the header that mail programs use. */
async function linkOf(address) {
  const [message] = await mailbox(address);
  const header = /^List-Unsubscribe:\s*<([^>]+)>/m.exec(message.content.replace(/\r?\n[ \t]+/g, " "));
  return header[1];
}

let links;
step("a broadcast reaches three customers, each with a link of her own", async () => {
  await midori.login("midori");
  await importList(stage, midori, "customers.csv", list);
  await addDomain(stage, midori, shop);
  await writeTemplate(midori, { name: "春の便り", subject: "春の便り", text: "{{ name }} 様\n\n春です。\n{{ unsubscribe_url }}\n" });
  await compose(midori, { name: "春の便り", from: `info@${shop}`, as: "Hanaya Midori" });
  await send(midori);
  const people = ["aoi", "makoto", "sakura"].map((local) => `${local}@aozora-bungu.example`);
  links = await Promise.all(people.map(linkOf));
  assert.equal(new Set(links).size, 3);
  for (const link of links) assert.ok(link.startsWith(`${stage.web}/u/`), link);
});

/** How many customers can be sent to, as the list says. */
async function sendable() {
  await midori.go("/contacts");
  return Number(/送れます (\d+)/.exec(await midori.words())[1]);
}

step("looking at the page changes nothing; its button does", async () => {
  const aoi = await chromium.visitor(stage);
  await aoi.go(links[0]);
  await aoi.go(links[0]);
  await aoi.says("Hanaya Midori");
  assert.ok(!(await aoi.words()).includes("aoi@aozora-bungu.example"), "somebody the mail was forwarded to learns no address");
  assert.equal((await aoi.context.request.head(links[0])).status(), 200);
  assert.equal(await sendable(), 3);
  await aoi.submit(new URL(links[0]).pathname);
  const said = await aoi.words();
  assert.equal(await sendable(), 2);
  await aoi.go(links[0]);
  assert.equal(await aoi.words(), said, "the page remembers");
  await aoi.close();
  await midori.press("青木 葵");
  await midori.says("配信停止になりました", "停止ページ");
});

step("a mail program's one-click request works without cookies or page", async () => {
  const answer = await fetch(links[1], { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("set-cookie"), null);
  assert.equal(await sendable(), 1);
  await midori.press("小川 誠");
  await midori.says("メールソフトの停止ボタン");
});

step("a link that was tampered with says so and stops nobody", async () => {
  const stranger = await chromium.visitor(stage, { language: "en" });
  await stranger.go(`${links[2].slice(0, -2)}xx`, 404);
  const answer = await fetch(`${links[2].slice(0, -2)}xx`, { method: "POST" });
  assert.equal(answer.status, 404);
  await stranger.go(links[2]);
  await stranger.close();
  assert.equal(await sendable(), 1);
});

step("behind the same link she keeps one topic and stops another, without a login", async () => {
  for (const name of ["セールのご案内", "季節の便り"]) {
    await midori.go("/topics");
    const form = midori.page.locator("main form").last();
    await form.locator('[name="name"]').fill(name);
    await form.locator("button.primary").click();
    await midori.look();
  }
  const sakura = await chromium.visitor(stage);
  await sakura.go(links[2]);
  await sakura.says("すべて停止する", "一部だけ受け取る", "セールのご案内");
  await sakura.page.getByLabel("セールのご案内").uncheck();
  await sakura.press("この内容で受け取る");
  await sakura.says("承りました");
  await sakura.go(links[2]);
  assert.equal(await sakura.page.getByLabel("セールのご案内").isChecked(), false);
  assert.equal(await sakura.page.getByLabel("季節の便り").isChecked(), true);
  await sakura.close();
  assert.equal(await sendable(), 1, "she goes on receiving the rest");
});

step("the next broadcast leaves both out, and says why", async () => {
  await compose(midori, { name: "夏の便り", from: `info@${shop}`, as: "Hanaya Midori" });
  const left = [["選ばれた方", 3], ["配信停止", 2]];
  assert.deepEqual(await waterfall(midori), [...left, ["同じ文面を送信済み", 1], ["送る方", 0]]);
  await midori.go(new URL(midori.page.url()).pathname.replace(/\/confirm$/, "") + "/audience");
  await midori.page.locator('details:has([name="again"]) > summary').click();
  await midori.page.locator('[name="again"]').check();
  await midori.submit("/audience");
  assert.deepEqual(await waterfall(midori), [...left, ["送る方", 1]]);
  await send(midori);
  const got = await Promise.all(["aoi", "makoto", "sakura"].map((local) => mailbox(`${local}@aozora-bungu.example`)));
  assert.deepEqual(got.map((mails) => mails.length), [1, 1, 2]);
});
