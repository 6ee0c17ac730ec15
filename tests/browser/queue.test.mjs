// What waits and what an owner can do about it: limits, hours, holds with their reply, pause and resume, another source,
// try now, give up – for a provider, a broadcast and a source.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, compose, count, importList, writeTemplate } from "./acts.mjs";
import { Stage, shop, step, until } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

/** More than the simulated Gmail takes in a minute; it then says 4.7.28. */
const gmail = 90;
const docomo = 6;

let stage, chromium, midori, broadcast;
before(async () => {
  stage = await Stage.open({
    operators: [{ login: "midori", name: "店主 みどり" }, { login: "alice", name: "Alice", language: "en" }],
    delivery: { retry_delays: ["10m"], tries: "3h" },
    // A minute of the simulated Gmail is a minute.
    simulate: ["--time-scale", "1"],
  });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  await midori.login("midori");
  await addDomain(stage, midori, shop);
  const customers = [
    ...Array.from({ length: gmail }, (_, n) => `客${n},ok-${n}@gmail.com`),
    ...Array.from({ length: docomo }, (_, n) => `ド${n},ok-${n}@docomo.ne.jp`),
  ];
  await importList(stage, midori, "customers.csv", `お名前,メールアドレス\n${customers.join("\n")}\n`);
  await writeTemplate(midori, { name: "NEWS", subject: "NEWS", text: "{{ name }} 様\n{{ unsubscribe_url }}\n" });
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

const shard = (name) => `/queue/at?shard=${name}`;
const words = async (path) => {
  await midori.page.goto(path);
  return (await midori.words()).replace(/\s+/g, " ");
};
/** Comes back to a page until it says this. */
const seen = (path, part, within_ms) =>
  until(`${part} on ${path}`, async () => (await words(path)).match(part), within_ms);
const held = (words) => midori.page.locator("#holds .notice", { hasText: words });
const delivered = async (provider) =>
  (await stage.journal()).filter((line) => line.kind === "delivery" && line.provider === provider).length;

step("nothing waits; limits are read and changed, and a slip is told at its field", async () => {
  await midori.go("/queue");
  await midori.says("待っているメールはありません。");
  await midori.press("宛先ごとの上限を見る・変える");
  await midori.press("NTTドコモ(ドコモメール)");
  await midori.fill({ rate: "はやく", connections: "0" });
  await midori.submit("/queue/limits");
  assert.match(await midori.wrong("rate"), /10\/s/);
  assert.match(await midori.wrong("connections"), /1から/);
  await midori.fill({ rate: "7/s", connections: "2" });
  await midori.submit("/queue/limits");
  await midori.says("保存しました。");
  await midori.go(shard("docomo"));
  await midori.says("この画面での設定", "7/s");
});

step("one provider is paused, and its mail waits while the rest goes", async () => {
  await midori.go(shard("docomo"));
  await midori.confirm("この宛先を止める", "この宛先を止める");
  await midori.says("送信を止めました。", "担当者が決めました。");
  await compose(midori, { name: "NEWS", from: `info@${shop}` });
  await midori.submit("/start");
  broadcast = midori.page.url().match(/broadcasts\/(\d+)/)[1];
  await seen("/queue", /ドコモ.*? 6 /);
  assert.equal(await delivered("docomo"), 0);
  await midori.go("/queue");
  await midori.says("止められています");
});

step("a reply of the provider slows it down by itself, and is shown", async () => {
  await seen("/queue", /Gmail\(Google\): ゆっくり送っています/, 60_000);
  await midori.go("/queue");
  await midori.page.locator("#holds details summary").first().click();
  await midori.says("Gmail が「送信が急に増えた」と言ったので", /4\.7\.28/);
  await seen(shard("gmail"), /最近断られたときの返答/);
  await midori.go(shard("gmail"));
  await midori.says("いまの様子", "最近断られたときの返答", "4.7.28", "できること");
});

step("the broadcast: what waits, when it will be through, its hours", async () => {
  await midori.go(`/queue/broadcasts/${broadcast}`);
  await midori.says("通が待っています", "送り終わる時刻はまだ分かりません");
  await midori.fill({ hours: "9時から", rate: "0/s" });
  await midori.submit(`/queue/broadcasts/${broadcast}`);
  assert.match(await midori.wrong("hours"), /9:00-20:00/);
  await midori.fill({ hours: "0:00-24:00", rate: "", priority: "2" });
  await midori.submit(`/queue/broadcasts/${broadcast}`);
  await midori.says("保存しました。");
  assert.equal(await midori.value("hours"), "0:00-24:00");
});

step("the rows behind a number, each with its reason", async () => {
  await midori.go(shard("docomo"));
  await midori.press("6 通が待っています");
  await midori.says("ok-0@docomo.ne.jp", "送信待ち");
});

step("what a reply set off is lifted by hand", async () => {
  await midori.go("/queue");
  const hold = midori.page.locator("#holds .notice", { hasText: "Gmail" });
  await midori.press("解除", hold);
  await midori.says("解除しました。");
  await seen("/queue", /^(?!.*ゆっくり送って)/);
});

step("what is paused goes on", async () => {
  await midori.go(shard("docomo"));
  await midori.press("解除", held("送信を止めています"));
  await midori.says("解除しました。");
  await seen(`/queue/broadcasts/${broadcast}`, /に送り終わる見込みです/);
  await until("docomo got its mail", async () => (await delivered("docomo")) === docomo);
});

step("another source is taken, and that is undone", async () => {
  await midori.go("/sources/new");
  await midori.fill({ label: "OUT2" });
  await midori.press("保存");
  await midori.says("送信元を保存しました。");
  await seen(shard("gmail"), /ほかの送信元から送る/);
  await midori.go(shard("gmail"));
  await midori.confirm("ほかの送信元から送る", "ほかの送信元から送る");
  await midori.says("ほかの送信元から送ります。", "ほかの送信元から送っています。", /「.+」から出るメールだけです。/);
  await midori.press("解除", held("ほかの送信元から"));
  await midori.says("解除しました。");
});

step("a source is paused, goes on, and what it tried is tried now", async () => {
  await midori.go("/sources/1");
  await midori.says(/この送信元で試して待っているメール: \d+ 通/);
  await midori.confirm("この送信元を止める", "この送信元を止める");
  await midori.says("送信を止めました。");
  await midori.press("解除", held("すべての宛先: 送信を止めています"));
  await midori.says("解除しました。");
  await midori.confirm("いますぐ試す", "いますぐ試す", midori.page.locator("#waiting"));
  await midori.says(/\d+ 通を、いますぐ試します。/);
});

step("what waits is tried now, and given up with a reason", async () => {
  await seen(shard("gmail"), /[1-9]\d* 通が待っています/);
  await midori.go(shard("gmail"));
  await midori.confirm("いますぐ試す", "いますぐ試す");
  await midori.says(/通を、いますぐ試します。/);
  const waiting = await until("Gmail refuses for now", async () => {
    const found = (await words(shard("gmail"))).match(/(\d+) 通が待っています/);
    return found && count(found[1]);
  });
  assert.ok(waiting > 0);
  await midori.look();
  await midori.page.locator("summary", { hasText: "送るのをやめる" }).click();
  await midori.page.locator('details[open] [name="reason"]').fill("催しが終わったため");
  await midori.press("送るのをやめる", midori.page.locator("details[open]"));
  await midori.says(/\d+ 通をあきらめました。/);
  await midori.go("/desk");
  await midori.says("@gmail.com");
});

step("what was said in a try can be read on the message's page", async () => {
  await midori.go(`/broadcasts/${broadcast}/rows?state=accepted`);
  await midori.page.locator('main a[href^="/messages/"]').first().click();
  await midori.page.waitForURL(/messages/);
  await midori.page.locator("details.talk summary").first().click();
  await midori.says("接続先:", "> EHLO", "> MAIL FROM:<b-", "< 250");
  await midori.look();
});

step("the same pages in English", async () => {
  const alice = await chromium.visitor(stage, { language: "en" });
  await alice.login("alice");
  for (const path of ["/queue", shard("gmail"), "/queue/limits", "/queue/limits?group=docomo", "/sources/1"]) {
    await alice.go(path);
  }
  await alice.go("/sources/1");
  await alice.says("Waiting");
  await alice.close();
});
