// A search for secrets, however they are written: as they are, in a URL, in base64 wherever that begins, in hexadecimal.

/** No text of so many characters is a part of a secret by accident. */
const LENGTH = 16
/** Parts begin at every so many characters, so that an excerpt of a secret is found, too. */
const STEP = 8

/**
 * What of a base64 text depends on the secret alone, where other bytes stand before and behind it.
 * @param {string} secret
 * @param {number} offset
 */
const base64At = (secret, offset) => {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64')
  return text.slice(offset === 0 ? 0 : 4, -4)
}

/** @param {string} secret */
const forms = (secret) => {
  const base64 = [0, 1, 2].map((offset) => base64At(secret, offset))
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [secret, encodeURIComponent(secret), ...base64, ...base64url, Buffer.from(secret).toString('hex')]
}

/** @param {string} form */
const partsOf = (form) => {
  const starts = Array.from({ length: Math.ceil((form.length - LENGTH) / STEP) }, (_, at) => at * STEP)
  return [...starts, Math.max(0, form.length - LENGTH)].map((at) => form.slice(at, at + LENGTH))
}

/**
 * Makes what says how many of the texts have one of the secrets, or a part of one.
 * @param {Iterable<string>} secrets
 * @returns {(texts: readonly string[]) => number}
 */
export const searchFor = (secrets) => {
  const parts = new Set([...secrets].flatMap(forms).flatMap(partsOf))
  const isIn = (/** @type {string} */ text) => {
    for (let at = 0; at + LENGTH <= text.length; at++) if (parts.has(text.slice(at, at + LENGTH))) return true
    return false
  }
  return (texts) => texts.filter(isIn).length
}
