// The test of a source: at which step it ends, what that means, and what to do – in plain words.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addDomain, compose, importList, send, writeTemplate } from "./acts.mjs";
import { Stage, shop } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

/** The smart hosts that the simulator has. */
const relay = { kind: "smart_host", host: "smtp.relay.example", tls: "start_tls", name: "midori@relay.example", password: "hanaya-1187" };
const recipient = "info@aozora-bungu.example";

let stage, chromium, midori;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "midori", name: "店主 みどり" }] });
  chromium = await Chromium.open();
  midori = await chromium.visitor(stage);
  await midori.login("midori");
  await addDomain(stage, midori, shop);
});
after(async () => {
  await midori?.close();
  await chromium?.close();
  await stage?.close();
});

/** Fills the form and walks. Gives the names of the steps with how each ended. */
async function walk({ kind, ...fields }) {
  await midori.go("/route");
  await midori.page.locator(`[name="kind"][value="${kind}"]`).check();
  await midori.fill({ ...fields, recipient });
  await midori.press("試す");
  const steps = await midori.page.locator("#result .walk li").evaluateAll((steps) =>
    steps.map((step) => [step.querySelector("b").innerText, step.querySelector(".chip").innerText]));
  return { head: await midori.page.locator("#result h2").innerText(), steps };
}

/** A walk that ends at `step`, with a sentence and something to do. */
async function fails(fields, step, sentence) {
  const { head, steps } = await walk({ port: String(stage.providersPort), ...relay, ...fields });
  assert.equal(head, `「${step}」で止まりました`);
  assert.equal(steps.at(-1)[0], step);
  assert.deepEqual(steps.map(([, ended]) => ended === "ここで止まりました"), steps.map((_, n) => n === steps.length - 1));
  const [what, advice] = await midori.page.locator("#result .cause p").allInnerTexts();
  assert.match(what, sentence);
  assert.match(advice, /ください/);
  for (const [name, value] of Object.entries({ ...relay, ...fields })) {
    if (name !== "kind" && name !== "password") assert.equal(await midori.value(name), value, `${name} is kept`);
  }
}

test("the wrong password", () => fails({ password: "hanaya-1188" }, "ログインする", /ログイン名かパスワードが違います/));

test("a server that does not exist", () => fails({ host: "smtp.relai.example" }, "サーバーの場所を調べる", /「smtp\.relai\.example」というサーバーは見つかりませんでした/));

test("a port that is closed", () => fails({ port: "9" }, "サーバーにつなぐ", /9番ポートではメールを受け付けていません/));

test("the wrong way to encrypt", () => fails({ tls: "implicit" }, "通信を暗号化する", /\p{sc=Han}/u));

test("what is typed wrongly is told at its field", async () => {
  await midori.go("/route");
  await midori.page.locator('[name="kind"][value="smart_host"]').check();
  await midori.fill({ ...Object.fromEntries(Object.entries(relay).filter(([name]) => name !== "kind")), host: "https://smtp", port: "99999" });
  await midori.press("試す");
  assert.match(await midori.wrong("host"), /サーバーの名前/);
  assert.match(await midori.wrong("port"), /65535/);
  assert.equal(await midori.value("name"), relay.name);
});

test("directly to the recipient's server", async () => {
  const { head, steps } = await walk({ kind: "direct" });
  assert.equal(head, "最後まで進めました");
  assert.equal(steps.length, 7);
});

test("the right one is saved without showing its password again, and mail goes through it", async () => {
  const { head } = await walk({ ...relay, port: String(stage.providersPort) });
  assert.equal(head, "最後まで進めました");
  await midori.says("保存してあります。");
  assert.ok(!(await midori.page.content()).includes(relay.password), "it is remembered, and not shown");
  await midori.press("保存");
  await midori.says("送信元を保存しました。");
  await midori.go("/sources/1/edit");
  await midori.says("保存してあります。");
  assert.ok(!(await midori.page.content()).includes(relay.password));
  await importList(stage, midori, "customers.csv", "お名前,メールアドレス\n青木 葵,aoi@aozora-bungu.example\n");
  await writeTemplate(midori, { name: "春の便り", subject: "春の便り", text: "{{ name }} 様\n{{ unsubscribe_url }}\n" });
  await compose(midori, { name: "春の便り", from: `info@${shop}` });
  await send(midori);
  const [got] = (await stage.journal()).filter((line) => line.kind === "delivery");
  assert.equal(got.provider, "relay");
  assert.equal(got.recipient, "aoi@aozora-bungu.example");
});
