"use strict";
// Keeps the phones of the page as they are on the sandbox: every event carries one phone, rendered by the server.

const token = document.querySelector('meta[name="sandbox-token"]').content;
const phones = document.getElementById("phones");
const live = document.getElementById("live");

function card(number) {
  return [...phones.children].find((phone) => phone.dataset.number === number);
}

function toEnd(phone) {
  const thread = phone.querySelector(".thread");
  thread.scrollTop = thread.scrollHeight;
}

function show(state) {
  const said = { live: "实时 live", lost: "连接中断，正在重连 reconnecting" };
  live.dataset.state = state;
  document.getElementById("live-text").textContent = said[state];
}

function update(phone) {
  document.getElementById("nothing").hidden = true;
  let shown = card(phone.number);
  if (!shown) {
    phones.insertAdjacentHTML("beforeend", phone.card);
    shown = phones.lastElementChild;
    toEnd(shown);
    return;
  }
  const thread = shown.querySelector(".thread");
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  const changed = thread.childElementCount;
  thread.innerHTML = phone.thread;
  shown.dataset.line = phone.line;
  shown.querySelector("select").value = phone.line;
  shown.querySelector(".name").textContent = phone.name;
  if (thread.childElementCount !== changed) {
    shown.classList.remove("fresh");
    void shown.offsetWidth;
    shown.classList.add("fresh");
  }
  if (atEnd) toEnd(shown);
}

async function post(path, asked) {
  const headers = { "Content-Type": "application/json", "X-Sandbox-Token": token };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(asked) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

function notice(phone, text) {
  const line = phone.querySelector(".notice");
  line.textContent = text;
  line.hidden = !text;
}

async function reply(phone, body) {
  const buttons = phone.querySelectorAll(".reply button");
  buttons.forEach((button) => { button.disabled = true; });
  notice(phone, "");
  try {
    const said = await post("/sandbox/reply", { number: phone.dataset.number, body });
    if (said.webhook === null) notice(phone, "系统没有应答此回复 the system did not answer this reply");
    else if (said.webhook >= 400) notice(phone, `系统拒绝了此回复 the system refused this reply (HTTP ${said.webhook})`);
    return true;
  } catch (error) {
    notice(phone, `未能回复 not sent: ${error.message}`);
    return false;
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

phones.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = event.target.elements.body;
  const body = input.value.trim();
  if (body && await reply(event.target.closest(".phone"), body)) {
    input.value = "";
    input.focus();
  }
});

phones.addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (chip) reply(chip.closest(".phone"), chip.dataset.say);
});

phones.addEventListener("change", async (event) => {
  if (!event.target.matches(".line select")) return;
  const phone = event.target.closest(".phone");
  try {
    await post("/sandbox/behaviour", { number: phone.dataset.number, mode: event.target.value });
    notice(phone, "");
  } catch (error) {
    notice(phone, `未能更改 not changed: ${error.message}`);
  }
});

for (const phone of phones.children) toEnd(phone);
const events = new EventSource("/sandbox/events");
events.onopen = () => show("live");
events.onerror = () => show("lost");
events.onmessage = (event) => update(JSON.parse(event.data));
