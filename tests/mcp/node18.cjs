// What these clients take for granted, and Debian 12's own Node 18 keeps behind flags. Loaded before them.
globalThis.crypto ??= require("node:crypto").webcrypto;
globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail ?? null;
  }
};
