// <zone-guess> around the time zone field: fills in the browser's zone where none was chosen.

customElements.define("zone-guess", class extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (field && zone && (!field.value || field.value === "UTC")) field.value = zone;
  }
});
