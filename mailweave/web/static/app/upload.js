// One file on its way to the server, piece by piece: it goes on where it stopped, and can be stopped.

const PIECE = 512 * 1024;

export class Upload {
  #stop = new AbortController();
  #here = 0;
  path = "";

  constructor(to, file, inline, token) {
    Object.assign(this, { to, file, inline, token });
  }

  // The server's line for the file, once all of it is there. Throws an Error with words for people.
  async run(tell) {
    if (!this.path) await this.#begin();
    if (this.#stop.signal.aborted) this.stop();
    this.#stop.signal.throwIfAborted();
    while (this.#here < this.file.size) {
      const piece = this.file.slice(this.#here, this.#here + PIECE);
      const answer = await this.#ask(`${this.path}?start=${this.#here}`, piece, { "Content-Type": "application/octet-stream" });
      this.#here += piece.size;
      tell(this.#here / this.file.size);
      this.line = await answer.text();
    }
    return this.line;
  }

  stop() {
    this.#stop.abort();
    if (this.path) fetch(`${this.path}remove/`, { method: "POST", headers: this.#headers() }).catch(() => {});
  }

  async #begin() {
    const facts = new FormData();
    for (const [name, value] of Object.entries({
      name: this.file.name, type: this.file.type, size: this.file.size, inline: this.inline ? "1" : "",
    })) facts.set(name, value);
    const answer = await this.#ask(this.to, facts, {}, null); // what may have begun has to be heard of
    this.path = answer.headers.get("Location");
    this.line = await answer.text();
  }

  #headers(more = {}) {
    return { "X-CSRFToken": this.token(), "HX-Request": "true", "HX-Request-Type": "partial", ...more };
  }

  async #ask(url, body, more, signal = this.#stop.signal) {
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, headers: this.#headers(more), signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("The server could not be reached.");
    }
    if (answer.headers.has("HX-Redirect")) throw new Error("You are signed out. Sign in in another tab, then try again.");
    if (answer.status === 422) {
      const said = new DOMParser().parseFromString(await answer.text(), "text/html");
      throw new Error((said.querySelector(".toast span") ?? said.body).textContent.trim());
    }
    if (!answer.ok) throw new Error("The server did not take it.");
    return answer;
  }
}
