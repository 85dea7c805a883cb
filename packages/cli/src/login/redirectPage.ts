/**
 * The page by which a browser is sent to a login. A browser is opened with an argument, which other users of the machine can read:
 * whoever has the address of a login can log its victim in as himself. So the argument is a file that its owner alone can read.
 */
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { minutes } from '@tessera/core'
import { systemClock } from '@tessera/node'
import type { Task } from 'fp-ts/lib/Task.js'

export interface RedirectPage {
  /** A file URL, which tells nothing of the login. */
  readonly address: string
  readonly remove: Task<void>
}

const PREFIX = 'tessera-login-'
const DAY = minutes(24 * 60)

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')

/** Goes on by itself, without a script, or by a click. */
export const redirectHtml = (url: string): string => {
  const { href } = new URL(url)
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in</title>` +
    `<meta http-equiv="content-security-policy" content="default-src 'none'">` +
    `<meta name="referrer" content="no-referrer">` +
    `<meta http-equiv="refresh" content="0;url=${escaped(href)}"></head>` +
    `<body><a href="${escaped(href)}">Go on to the login</a></body></html>\n`
  )
}

// Browsers that are confined, as Ubuntu's are, have a /tmp of their own and do not see files whose name begins with a dot.
const privateFolder = (): Promise<string> =>
  mkdtemp(join(homedir(), PREFIX)).catch(() => mkdtemp(join(tmpdir(), PREFIX)))

/** Removes what processes that were killed have left behind. A login takes less than a day. */
const sweep = async (parent: string): Promise<void> => {
  const names = await readdir(parent)
  const removed = names
    .filter((name) => name.startsWith(PREFIX))
    .map(async (name) => {
      const path = join(parent, name)
      const { uid, mtimeMs } = await lstat(path)
      if (uid === process.getuid?.() && mtimeMs < systemClock.now() - DAY)
        await rm(path, { recursive: true, force: true })
    })
  await Promise.allSettled(removed)
}

/** Writes the page into a new folder, of modes 0600 and 0700. */
export const writeRedirectPage = async (url: string): Promise<RedirectPage> => {
  const folder = await privateFolder()
  // A folder that may not be listed keeps nobody from logging in.
  await sweep(dirname(folder)).catch(() => undefined)
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const file = join(folder, 'login.html')
  try {
    await writeFile(file, redirectHtml(url), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    await remove()
    throw error
  }
  return { address: pathToFileURL(file).href, remove }
}
