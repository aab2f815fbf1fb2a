// The page's own part: the device's key, signing, idle people, text size, language. Screens come from the server.
"use strict";

const IDLE_SECONDS = 45, ANSWER_SECONDS = 20, STAY_EVERY_MS = 20000, RELOAD_MS = 5000, HEARTBEAT_MS = 60000;
const VERSION = document.documentElement.dataset.version;
const screen_ = document.getElementById("screen"), idle = document.getElementById("idle");
let device = null;       // {id, keys}: the private key cannot be read, not even here
let session = "";        // of whoever is there; never stored
let clockOffset = 0;     // server minus device, in ms
let language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

// The key, kept by the browser

function store(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("kiosk", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("device");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = act(opening.result.transaction("device", mode).objectStore("device"));
      asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
      asked.onerror = () => reject(asked.error);
    };
  });
}

const packed = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const encoded = (text) => new TextEncoder().encode(text);
const sign = (key, text) => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, encoded(text));

async function pair(code) {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const answer = await fetch("/api/v1/devices", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": language },
    body: JSON.stringify({
      code,
      public_key: packed(await crypto.subtle.exportKey("spki", keys.publicKey)),
      proof: packed(await sign(keys.privateKey, `NSK1 pair\n${code}`)),
      version: VERSION,
    }),
  });
  const facts = await answer.json();
  if (!answer.ok) throw new Error(`${facts.title} ${facts.hint}`);
  device = { id: facts.device, keys };
  await store("readwrite", (table) => table.put(device, "this"));
}

// Requests, each signed with time and nonce

function signedFetch(action, request = {}) {
  const body = request.body ? new URLSearchParams(request.body).toString() : "";
  return signed(request.method || "POST", action, body, "application/x-www-form-urlencoded", request.signal);
}

async function signed(method, action, body, type, signal, isSecond = false) {
  const address = new URL(action, location.href);
  const time = String(Math.round(Date.now() + clockOffset));
  const nonce = packed(crypto.getRandomValues(new Uint8Array(16)));
  const digest = hex(await crypto.subtle.digest("SHA-256", encoded(body)));
  const message = ["NSK1", method, address.pathname + address.search, digest, time, nonce, device.id, session].join("\n");
  const headers = {
    "Accept-Language": language,
    "Content-Type": type,
    "Kiosk-Device": device.id,
    "Kiosk-Page": VERSION,
    "Kiosk-Time": time,
    "Kiosk-Nonce": nonce,
    "Kiosk-Session": session,
    "Kiosk-Signature": packed(await sign(device.keys.privateKey, message)),
  };
  try {
    const answer = await fetch(address, { method, headers, body, cache: "no-store", signal });
    offline(false);
    // A request that was refused for its time did nothing: with the server's time it may be sent again.
    if (heed(answer) && answer.status === 401 && !isSecond)
      return signed(method, action, body, type, signal, true);
    if (answer.headers.get("Kiosk-Session")) session = answer.headers.get("Kiosk-Session");
    if (address.pathname === "/screen/leave" || answer.status === 401) session = "";
    return answer;
  } catch (error) {
    offline(true);
    throw error;
  }
}

// Whether the server's time was found to differ; from then on the device reckons with it.
function heed(answer) {
  const told = Number(answer.headers.get("Kiosk-Time"));
  const differs = told > 0 && Math.abs(told - (Date.now() + clockOffset)) > 2500;
  if (differs) clockOffset = told - Date.now();
  return differs;
}

const offline = (is) => { document.getElementById("offline").hidden = !is; };
const show = (path) => htmx.ajax("POST", path, { target: "#screen" });

document.addEventListener("htmx:config:request", (event) => { event.detail.ctx.fetch = signedFetch; });
document.addEventListener("htmx:after:swap", () => {
  watch();
  const first = screen_.querySelector("[autofocus]") || screen_;
  first.focus({ preventScroll: true });
  scrollTo(0, 0);
});

// Idle people

let idleTimer = 0, answerTimer = 0, lastStay = 0;

function watch() {
  clearTimeout(idleTimer);
  clearInterval(answerTimer);
  if (idle.open) idle.close();
  if (screen_.querySelector("[data-reload]")) setTimeout(() => location.reload(), RELOAD_MS);
  else if (session || !screen_.querySelector("[data-start]")) idleTimer = setTimeout(ask, IDLE_SECONDS * 1000);
}

function ask() {
  let left = ANSWER_SECONDS;
  const count = document.getElementById("idle-seconds");
  count.textContent = left;
  idle.showModal();
  answerTimer = setInterval(() => {
    left -= 1;
    count.textContent = left;
    if (left <= 0) leave();
  }, 1000);
}

function leave() {
  clearInterval(answerTimer);
  if (idle.open) idle.close();
  screen_.replaceChildren();   // Even when the server cannot be reached nobody sees what was here.
  show("/screen/leave").finally(() => { session = ""; });
}

function stay() {
  if (idle.open) return;
  watch();
  if (session && Date.now() - lastStay > STAY_EVERY_MS) {
    lastStay = Date.now();
    signedFetch("/screen/stay").catch(() => {});
  }
}

for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, stay);
document.getElementById("here").addEventListener("click", () => { idle.close(); lastStay = 0; stay(); });
idle.addEventListener("cancel", (event) => event.preventDefault());
addEventListener("pagehide", () => { screen_.replaceChildren(); session = ""; });

// What is tapped

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const pin = document.getElementById("pin");
  if (button.dataset.digit && pin.value.length < pin.maxLength) pin.value += button.dataset.digit;
  if ("erase" in button.dataset) pin.value = pin.value.slice(0, -1);
  if ("print" in button.dataset) print();
  if ("renew" in button.dataset) location.reload();
});

document.getElementById("larger").addEventListener("click", (event) => {
  const isLarge = document.documentElement.classList.toggle("large");
  event.currentTarget.setAttribute("aria-pressed", isLarge);
});

document.getElementById("language").addEventListener("click", () => {
  location.replace(language === "en" ? "/" : "/en");
});

document.addEventListener("submit", async (event) => {
  if (event.target.id !== "pairing") return;
  event.preventDefault();
  try {
    await pair(document.getElementById("pair-code").value.trim());
    begin();
  } catch (error) {
    document.getElementById("pair-problem").textContent = error.message;
  }
});

// The beginning

async function heartbeat() {
  const answer = await signed("POST", "/api/v1/heartbeat", JSON.stringify({ version: VERSION }), "application/json");
  const isOld = answer.ok && (await answer.json()).page !== VERSION;
  if (isOld && screen_.querySelector("[data-start]")) return location.reload();   // Nobody is here: be as new as the server.
  if (!screen_.children.length) show("/screen/leave");   // Somebody was signed out while the server was away.
}

function begin() {
  show("/screen/leave");   // Whoever was here before a reload is signed out.
  setInterval(() => heartbeat().catch(() => {}), HEARTBEAT_MS);
}

(async () => {
  device = await store("readonly", (table) => table.get("this"));
  if (device) begin();
  else screen_.replaceChildren(document.getElementById("pair").content.cloneNode(true));
})();
