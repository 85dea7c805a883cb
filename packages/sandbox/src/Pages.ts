/**
 * The pages that a person sees: plain HTML, readable without scripts, loading nothing, with every value escaped.
 */
import type { User } from './World.js'

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => entities.get(char) ?? char)

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f3f4f6, #16181d) }
  main { box-sizing: border-box; width: min(26rem, 92vw); padding: 2rem; border-radius: .75rem;
    background: light-dark(#fff, #22252c); box-shadow: 0 1px 8px #0003 }
  h1 { margin: 0 0 1rem; font-size: 1.25rem }
  ul { padding-left: 1.2rem }
  label { display: block; margin: 1rem 0 }
  input, select { display: block; box-sizing: border-box; width: 100%; margin-top: .3rem; padding: .5rem; font: inherit }
  button { padding: .6rem 1.2rem; margin-right: .5rem; border: 1px solid #0061d5; border-radius: .4rem; font: inherit;
    background: none; color: inherit; cursor: pointer }
  button.main { background: #0061d5; color: #fff }
  footer { margin-top: 1.5rem; font-size: .8rem; opacity: .7 }`

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
<footer>Local sandbox: nothing here reaches a real account.</footer>
</main>
</body>
</html>
`

/** Asks a person whether an application may have access; answered by posting `ticket`, `user` and `decision`. */
export const consentPage = (view: {
  readonly action: string
  readonly ticket: string
  readonly app: string
  readonly scope: ReadonlyArray<string>
  readonly users: ReadonlyArray<User>
  /** The code that the person has to compare with the one on the device. */
  readonly userCode?: string
}): string =>
  page(
    `${view.app} asks for access`,
    `${view.userCode === undefined ? '' : `<p>Does your device show <strong>${escapeHtml(view.userCode)}</strong>? If not, deny.</p>\n`}<p>It will be able to use:</p>
<ul>
${view.scope.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join('\n')}
</ul>
<form method="post" action="${escapeHtml(view.action)}">
<input type="hidden" name="ticket" value="${escapeHtml(view.ticket)}">
<label>As
<select name="user">
${view.users.map((user) => `<option value="${escapeHtml(user.id)}">${escapeHtml(`${user.name} (${user.login})`)}</option>`).join('\n')}
</select>
</label>
<button class="main" name="decision" value="grant">Grant access</button>
<button name="decision" value="deny">Deny</button>
</form>`,
  )

/** Asks for the code that a device shows. */
export const userCodePage = (action: string, complaint?: string): string =>
  page(
    'Connect a device',
    `${complaint === undefined ? '' : `<p role="alert">${escapeHtml(complaint)}</p>\n`}<form method="get" action="${escapeHtml(action)}">
<label>The code that your device shows
<input name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus required>
</label>
<button class="main">Continue</button>
</form>`,
  )

/** Says one thing, an error for example. */
export const messagePage = (title: string, message: string): string =>
  page(title, `<p id="message">${escapeHtml(message)}</p>`)
