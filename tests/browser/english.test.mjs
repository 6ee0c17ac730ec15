// The same house in English: not one Japanese letter is left on its pages when the shop's own words are English.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { addDomain, compose, importList, send } from "./acts.mjs";
import { Stage, shop, step } from "./stage.mjs";
import { Chromium } from "./visitor.mjs";

const list = [
  "Number,Name,Mail address,Phone,Company,Town,Newsletter",
  "C-1,Ann Baker,ann@aozora-bungu.example,090-0000-0001,,Nagano,yes",
  "C-2,Bob Carter,unknown-bob@docomo.ne.jp,,,Ueda,yes",
  "C-3,Carol Dean,carol@gmai.com,,,Suwa,yes",
  "C-4,Dan Evans,full-dan@gmail.com,,Evans Ltd,Ina,yes",
  "C-5,Eve Ford,,0263-00-0005,,Chino,yes",
  "C-6,Fay Grant,fay@kobayashi-ganka.example,,,Saku,no",
  "C-7,Guy Hall,not an address,,,Komoro,yes",
  "C-8,Hal Irwin,filtered-hal@ezweb.ne.jp,,,Iida,maybe",
].join("\n");

let stage, chromium, owner;
before(async () => {
  stage = await Stage.open({ operators: [{ login: "owner", name: "Owner", language: "en" }], delivery: { tries: "3s" } });
  chromium = await Chromium.open();
  owner = await chromium.visitor(stage, { language: "en" });
});
after(async () => {
  await owner?.close();
  await chromium?.close();
  await stage?.close();
});

/** Opens pages one after the other; each is looked over. */
async function walk(...paths) {
  for (const path of paths) {
    await owner.go(path);
    assert.equal(new URL(owner.page.url()).pathname, path.split("?")[0]);
  }
}

step("before the login", async () => {
  await owner.go("/login");
  await owner.login("owner", "wrong password");
  await owner.says("After 4 more wrong tries");
  await owner.login("owner");
  await owner.go("/no-such-page", 404);
});

step("a new house", async () => {
  await walk("/", "/contacts", "/imports", "/templates", "/broadcasts", "/operators", "/operators/new", "/account", "/domains", "/sources", "/sources/1", "/sources/1/edit", "/sources/new");
});

step("customers", async () => {
  await importList(stage, owner, "customers.csv", list);
  await owner.go("/imports");
  await owner.press("customers.csv");
  await walk("/contacts", "/contacts?standing=invalid", "/contacts?q=nobody", "/contacts/new");
  for (const name of ["Ann Baker", "Carol Dean", "Eve Ford", "Fay Grant"]) {
    await owner.go("/contacts");
    await owner.press(name);
  }
  await owner.press("Edit");
  await owner.fill({ address: "fay@yhoo.co.jp" });
  await owner.press("Save");
  await owner.fill({ address: "fay@" });
  await owner.press("Save");
});

step("templates", async () => {
  await owner.go("/templates/new");
  await owner.fill({ name: "Winter", subject: "Hello {{ nam }}", text: "Hello {{ name }}\n{{ unsubscribe_url" });
  await owner.press("Save");
  await owner.fill({ subject: "Hello {{ name }}", text: "Dear {{ name }}\n\nWinter is here.\n" });
  await owner.press("Save");
  await owner.press("Preview");
  await walk("/templates", "/broadcasts/new");
});

step("a broadcast", async () => {
  await addDomain(stage, owner, shop);
  await compose(owner, { name: "Winter", from: `info@${shop}`, as: "Hanaya Midori" });
  const path = new URL(owner.page.url()).pathname.replace("/confirm", "");
  await walk(`${path}/edit`, `${path}/audience`, `${path}/pick`, `${path}/people?part=remaining`, `${path}/confirm`);
  await send(owner);
  await walk("/", "/broadcasts", `${path}/rows`, `${path}/rows?state=refused`);
});

step("the domain and the route", async () => {
  await owner.go("/domains");
  await owner.press(shop);
  await owner.submit("/check");
  await owner.go("/route");
  await owner.page.locator('[name="kind"][value="smart_host"]').check();
  await owner.fill({ host: "smtp.relay.example", port: "0" });
  await owner.press("Save");
  for (const [host, port] of [["no.such.example", "587"], ["smtp.relay.example", "9"], ["smtp.relay.example", String(stage.providersPort)]]) {
    await owner.fill({ host, port, name: "nobody", password: "wrong", recipient: "ann@aozora-bungu.example" });
    await owner.press("Try");
    await owner.page.locator("#result .walk").waitFor();
  }
});

step("the way out", async () => {
  const [message] = (await stage.journal()).filter((line) => line.kind === "delivery");
  const [link] = /http:\S+\/u\/[^>\s]+/.exec(message.content.replaceAll("\r\n\t", ""));
  await owner.go(link);
  await owner.submit(new URL(link).pathname);
});

step("what did not arrive", async () => {
  await walk("/desk", "/desk?handled=1&q=nobody");
  const cases = await owner.page.locator("li.case").count();
  await owner.go("/desk");
  const all = await owner.page.locator('li.case a[href^="/messages/"]').evaluateAll((links) => links.map((link) => link.pathname));
  assert.ok(all.length >= 2 && cases === 0, `${all}`);
  for (const message of all) await walk(message, `${message}/sent`, message.replace("messages", "desk") + "/correct");
  await owner.go("/contacts?q=bob");
  await owner.press("Bob Carter");
});
