"use strict";
// Passkeys: the browser's own answer is carried to the server and back, nothing else.
(() => {
  const button = document.querySelector("[data-passkey]");
  if (!button) return;
  const said = document.querySelector("[data-said]");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const say = (what) => { said.textContent = what; said.hidden = false; };
  const post = async (url, body) => {
    const headers = { "Content-Type": "application/json" };
    if (button.dataset.csrf) headers["X-Omamori-CSRF"] = button.dataset.csrf;
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const got = await answer.json();
    if (!answer.ok) throw new Error(got.error);
    return got;
  };
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const answers = {
    in: async (o) => {
      const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: known(o.allowCredentials) } });
      const r = c.response;
      return { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(), response: {
        clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature),
        userHandle: r.userHandle ? text(r.userHandle) : undefined } };
    },
    new: async (o) => {
      const c = await navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: known(o.excludeCredentials) } });
      const r = c.response;
      return { id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: c.getClientExtensionResults(), response: {
        clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports ? r.getTransports() : [] } };
    },
  };
  button.addEventListener("click", async () => {
    said.hidden = true;
    if (!window.PublicKeyCredential) { say(button.dataset.none); return; }
    button.disabled = true;
    try {
      const { state, options } = await post(button.dataset.begin, {});
      const credential = await answers[button.dataset.passkey](options);
      const { next } = await post(button.dataset.finish, { state, credential, next: button.dataset.next || "" });
      location.assign(next);
    } catch (error) {
      say(error.name === "NotAllowedError" || error.name === "AbortError" || error.name === "InvalidStateError" ? button.dataset.gaveUp : error.message);
      button.disabled = false;
    }
  });
})();
