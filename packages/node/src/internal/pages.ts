/**
 * What the browser shows at the end of a login. Constants: nothing of the request comes back in them.
 */
const page = (title: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
  `<body style="font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:28em;text-align:center">` +
  `<h1>${title}</h1><p>${text}</p></body></html>`

export const pages = {
  received: page('Received', 'You can close this page and go back to the program that opened it.'),
  refused: page('No access', 'The login ended without access. The program that opened this page says more.'),
  foreign: page('Not this login', 'This address is not the answer to the login that is waited for.'),
} as const
