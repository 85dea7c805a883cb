// Which hosts are compared, and the table of what was measured.
import { linesOf } from './lines.js'

export const [AT_EXPIRY, AT_REFUSAL, PROCESSES] = [100, 20, 2]

/** Each host: what it does by itself, and with which functions of `theirs.js` and `ours.js`. */
const HOSTS = [
  [
    'axios',
    [
      ['an interceptor of which each caller refreshes', 'axiosEachAlone'],
      ['an interceptor, by hand', 'axios'],
    ],
    'axios',
  ],
  ['got', [['`afterResponse`, by hand', 'got']], 'got'],
  ['ky', [['`afterResponse`, by hand', 'ky']], 'ky'],
  [
    'googleapis',
    [
      ['`OAuth2Client`', 'google'],
      ['`OAuth2Client`, no rotation', 'google', 'none'],
    ],
    'google',
  ],
  ['Azure', [['`ClientSecretCredential`', 'azure']], 'azure'],
  ['AWS', [['`fromWebToken`, by hand', 'aws']], 'aws'],
  ['Octokit', [['`createOAuthUserAuth`', 'octokit']], 'octokit'],
  [
    'nodemailer',
    [
      ["`type: 'OAuth2'`", 'nodemailer'],
      ["`type: 'OAuth2'`, no rotation", 'nodemailer', 'none'],
    ],
    'nodemailer',
  ],
  ['openid-client', [['`refreshTokenGrant`, by hand', 'openidClient']], 'openidClient'],
]

/** What is measured: a mechanism, at a server that rotates refresh tokens or does not. */
export const rows = () => {
  const [theirs, ours] = [linesOf('theirs.js'), linesOf('ours.js')]
  return HOSTS.flatMap(([host, own, name]) => [
    ...own.map(([title, of, rotation = 'strict']) => ({
      title: `${host}: ${title}`,
      file: 'theirs',
      name: of,
      rotation,
      lines: theirs(of),
    })),
    { title: `${host}: the adapter`, file: 'ours', name, rotation: 'strict', lines: ours(name) },
  ])
}

const HEAD = ['tokens come from', 'token requests', 'failed uses', '2 processes: requests', 'failed uses', 'lines']

/** @param {ReadonlyArray<ReadonlyArray<string | number>>} measured the cells between a title and the lines, one for each row */
export const table = (measured) => {
  const cells = [HEAD, ...rows().map(({ title, lines }, at) => [title, ...(measured[at] ?? []), lines])]
  const widths = HEAD.map((_, at) => Math.max(...cells.map((row) => String(row[at]).length)))
  const line = (row) => `| ${row.map((cell, at) => String(cell).padEnd(widths[at])).join(' | ')} |`
  const [head, ...body] = cells.map(line)
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')
}

/** What a table says was measured. */
export const measuredIn = (text) =>
  text
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split(' | ')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
