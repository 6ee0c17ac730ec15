// Starts the real program, simulated providers and a DNS in a folder of their own, and ends exactly those again.

import { spawn, spawnSync } from "node:child_process";
import { openSync, rmSync } from "node:fs";
import { access, appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = resolve(fileURLToPath(import.meta.url), "../../..");
const program = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "debug/todoku");

/** The shop of the stories, and our mail server's name. */
export const shop = "hanaya-midori.example";
export const mailHost = "mail.todoku.example";
export const password = "asagao-to-himawari";

const opensWithin_ms = 30_000;
const closesWithin_ms = 15_000;

/** Everything that runs now; ended even when a story dies in the middle. */
const running = new Set();
const folders = new Set();
process.on("exit", () => {
  running.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export const rest = (ms) => new Promise((go) => setTimeout(go, ms));

/** Waits until `ask` gives something truthy, and gives that. */
export async function until(what, ask, within_ms = 20_000) {
  const deadline = Date.now() + within_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`in ${within_ms} ms not seen: ${what}`);
    await rest(50);
  }
}

let broken = false;
/** A step of a story: what comes after a step that failed is not played. */
export function step(name, play) {
  test(name, async (context) => {
    if (broken) return context.skip("an earlier step failed");
    broken = true;
    await play(context);
    broken = false;
  });
}

/** One stage: `operators` are made before the doors open; `delivery` and `simulate` change how both run. */
export class Stage {
  static async open({ operators = [], delivery = {}, simulate = [] } = {}) {
    await access(program).catch(() => {
      throw new Error(`${program} is missing: cargo build --bin todoku`);
    });
    const stage = new Stage();
    stage.folder = await mkdtemp(join(tmpdir(), "todoku-story."));
    folders.add(stage.folder);
    try {
      await stage.#start(operators, delivery, simulate);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  #children = [];

  async #start(operators, delivery, simulate) {
    const [web, smtp] = [await freePort(), await freePort()];
    this.web = `http://127.0.0.1:${web}`;
    await writeFile(this.#path("records"), `${mailHost} A 127.0.0.1\n1.0.0.127.in-addr.arpa PTR ${mailHost}\n`);
    const said = await this.#run(
      "simulate",
      ["simulate", "--records", this.#path("records"), "--bounces-to", `127.0.0.1:${smtp}`,
        "--journal", this.#path("journal"), "--keep-content", "--certificate", this.#path("ca.pem"),
        ...(simulate.includes("--time-scale") ? [] : ["--time-scale", "0.01"]), ...simulate],
      /SMTP port (\d+)\s+DNS (\S+)/,
    );
    this.providersPort = Number(said[1]);
    await writeFile(this.#path("todoku.toml"), settings(this, { web, smtp, dns: said[2] }, delivery));
    for (const operator of operators) this.operator(operator);
    await this.#run("todoku", ["--config", this.#path("todoku.toml"), "serve"], /Todoku: http/);
  }

  /** `todoku operator add`. */
  operator({ login, role = "owner", language = "ja", name = login }) {
    const more = ["--role", role, "--language", language, "--name", name];
    const done = spawnSync(
      program,
      ["--config", this.#path("todoku.toml"), "operator", "add", login, ...more],
      { input: `${password}\n`, encoding: "utf8" },
    );
    if (done.status !== 0) throw new Error(`operator add ${login}: ${done.stderr}`);
  }

  /** Adds records to the DNS, as a shop does at its DNS company. They answer within moments. */
  async publish(records) {
    const lines = records.map(({ name, kind, value }) => `${name} ${kind} ${value}\n`);
    const before = (await this.#read("simulate.out")).length;
    await appendFile(this.#path("records"), lines.join(""));
    await until("the records in the DNS", async () => (await this.#read("simulate.out")).length > before);
  }

  /** What the providers got, refused and sent back: one object each. */
  async journal() {
    const lines = (await this.#read("journal")).split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  /** Ends both programs and removes the folder. */
  async close() {
    for (const child of this.#children.reverse()) await end(child);
    const log = await this.#read("todoku.err");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    if (/panicked at/.test(log)) throw new Error(`the program panicked:\n${log}`);
  }

  #path(name) {
    return join(this.folder, name);
  }

  #read(name) {
    return readFile(this.#path(name), "utf8").catch(() => "");
  }

  async #run(name, words, opened) {
    const out = openSync(this.#path(`${name}.out`), "w");
    const err = openSync(this.#path(`${name}.err`), "w");
    const env = { ...process.env, TODOKU_LOG: "warn", SSL_CERT_FILE: this.#path("ca.pem") };
    const child = spawn(program, words, { stdio: ["ignore", out, err], env, cwd: root });
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#children.push(child);
    return until(`${name} opens`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${await this.#read(`${name}.err`)}`);
      return opened.exec(await this.#read(`${name}.out`));
    }, opensWithin_ms);
  }
}

function settings(stage, { web, smtp, dns }, delivery) {
  const quoted = (value) => (Array.isArray(value) ? `[${value.map(quoted)}]` : JSON.stringify(value));
  const top = {
    data: join(stage.folder, "data"), base_url: stage.web, listen_web: `127.0.0.1:${web}`,
    listen_smtp: `127.0.0.1:${smtp}`, mail_host: mailHost, sending_ips: ["127.0.0.1"], dns_servers: [dns],
  };
  const section = {
    mx_port: stage.providersPort, retry_delays: ["500ms", "1s", "2s"], timeouts_max: "2s", tries: "10s", ...delivery,
  };
  const lines = (pairs) => Object.entries(pairs).map(([name, value]) => `${name} = ${quoted(value)}\n`).join("");
  // Stories have no time for the top of the hour.
  const pacing = "[delivery.pacing.all]\nhour_start_rest = 0\n";
  return `${lines(top)}[delivery]\n${lines(section)}${pacing}`;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((go) => child.once("exit", go));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), closesWithin_ms);
  await ended;
  clearTimeout(late);
}

/** Where a program may be told to listen: below the ports that the system gives to outgoing connections (32768 and above). */
const ports = { from: 10_000, until: 32_000 };
let nextPort = ports.from + ((process.pid * 61) % (ports.until - ports.from));

/** A port nobody listens on, and that no outgoing connection takes before the program is there. */
async function freePort() {
  for (let tries = ports.until - ports.from; tries > 0; tries -= 1) {
    const port = nextPort;
    nextPort = port + 1 < ports.until ? port + 1 : ports.from;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free from ${ports.from} to ${ports.until - 1}`);
}

function isFree(port) {
  return new Promise((go) => {
    const server = createServer().once("error", () => go(false));
    server.listen(port, "127.0.0.1", () => server.close(() => go(true)));
  });
}
