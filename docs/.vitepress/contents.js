// The table of contents: which file of the repository is which page, in the order in which a reader meets them.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { libraries, published, root } from '../../packages/tools/published.js'

/** @typedef {{ readonly text: string, readonly source: string }} Entry */
/** @typedef {{ readonly text: string, readonly entries: readonly Entry[] }} Group */

/** @type {(text: string, source: string) => Entry} */
const page = (text, source) => ({ text, source })

/** @type {readonly Group[]} */
const guides = [
  {
    text: 'Start',
    entries: [page('Five minutes', 'docs/start.md'), page('Programs to copy', 'docs/programs.md')],
  },
  {
    text: 'Guides',
    entries: [
      page('People log in', 'docs/guides/web-login.md'),
      page('Service accounts', 'docs/guides/service-accounts.md'),
      page('A fleet shares a session', 'docs/guides/fleets.md'),
      page('Databases', 'docs/guides/databases.md'),
      page('MCP servers', 'docs/mcp.md'),
      page('Tokens for other libraries', 'docs/adapters.md'),
      page('One broker for all tools', 'docs/guides/broker.md'),
      page('Testing', 'docs/testing.md'),
      page('Deploying', 'docs/guides/deploying.md'),
      page('Observing', 'docs/guides/observing.md'),
      page('OpenTelemetry', 'docs/telemetry.md'),
      page('Security', 'docs/guides/security.md'),
      page('Errors, causes and cures', 'docs/guides/errors.md'),
    ],
  },
  {
    text: 'Concepts',
    entries: [
      page('Strategy', 'docs/concepts/strategy.md'),
      page('Store', 'docs/concepts/store.md'),
      page('Source', 'docs/concepts/source.md'),
      page('The life of a session', 'docs/lifecycle.md'),
    ],
  },
  {
    text: 'Coming from',
    entries: [
      page('simple-oauth2', 'docs/migrating-from-simple-oauth2.md'),
      page('google-auth-library', 'docs/migrating-from-google-auth-library.md'),
      page('openid-client', 'docs/migrating-from-openid-client.md'),
      page('Box: Node SDK', 'docs/migrating-from-box-node-sdk.md'),
      page('Box: Python SDK', 'docs/migrating-from-box-python.md'),
    ],
  },
]

/** @type {readonly Group[]} */
const proof = [
  {
    text: 'For those who doubt',
    entries: [
      page('What is proven, by what', 'docs/proof.md'),
      page('The long runs', 'docs/long-runs.md'),
      page('Reliability', 'docs/reliability.md'),
      page('Performance', 'docs/performance.md'),
      page('Databases, measured', 'docs/databases.md'),
      page('Scale', 'docs/scale.md'),
      page('Side by side', 'docs/comparison.md'),
    ],
  },
]

/** @param {string} file */
const titleOf = (file) => {
  const words = file.replace(/^\d+-|\.md$/g, '').replaceAll('-', ' ')
  return `${Number(file.slice(0, 4))}. ${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

/** @type {readonly Group[]} */
const maintainers = [
  {
    text: 'Maintainers',
    entries: [
      page('Contributing', 'CONTRIBUTING.md'),
      page('Architecture', 'docs/architecture.md'),
      page('Parity with the Python SDK', 'docs/seed-parity.md'),
    ],
  },
  {
    text: 'Decisions',
    entries: readdirSync(join(root, 'docs', 'adr'))
      .sort()
      .map((file) => page(titleOf(file), `docs/adr/${file}`)),
  },
]

/** @type {readonly Group[]} */
const packages = [
  { text: 'Providers', entries: [page('Presets', 'docs/providers.md')] },
  {
    text: 'Packages',
    entries: published.map(({ short, manifest }) => page(manifest.name, `packages/${short}/README.md`)),
  },
]

/** @param {readonly Group[]} groups */
const there = (groups) =>
  groups
    .map(({ text, entries }) => ({ text, entries: entries.filter(({ source }) => existsSync(join(root, source))) }))
    .filter(({ entries }) => entries.length > 0)

/**
 * Where the page of a file is on the site, without its ending.
 * @param {string} source
 */
export const addressOf = (source) =>
  source === 'CONTRIBUTING.md'
    ? '/contributing'
    : `/${source
        .replace(/^docs\//, '')
        .replace(/\/README\.md$/, '')
        .replace(/\.md$/, '')}`

/** The files that are pages, the home page included. */
export const sources = [
  'docs/index.md',
  ...there([...guides, ...packages, ...proof, ...maintainers]).flatMap(({ entries }) =>
    entries.map(({ source }) => source),
  ),
]

/** @param {readonly Group[]} groups */
const shown = (groups) =>
  there(groups).map(({ text, entries }) => ({
    text,
    items: entries.map((entry) => ({ text: entry.text, link: addressOf(entry.source) })),
  }))

/** TypeDoc gives a package that has namespaces a folder, and a page of its own to each of them. */
const reference = () => [
  ...shown(packages),
  {
    text: 'Reference',
    items: libraries.map(({ short, manifest }) => ({
      text: manifest.name,
      link: existsSync(join(root, 'docs/.vitepress/pages/reference', short))
        ? `/reference/${short}/`
        : `/reference/${short}`,
    })),
  },
]

export const sidebar = () => ({
  '/packages/': reference(),
  '/providers': reference(),
  '/reference/': reference(),
  '/proof': shown(proof),
  '/reliability': shown(proof),
  '/performance': shown(proof),
  '/databases': shown(proof),
  '/scale': shown(proof),
  '/comparison': shown(proof),
  '/contributing': shown(maintainers),
  '/architecture': shown(maintainers),
  '/seed-parity': shown(maintainers),
  '/adr/': shown(maintainers),
  '/': shown(guides),
})

export const nav = [
  {
    text: 'Guides',
    link: '/start',
    activeMatch: '^/(start|programs|guides|concepts|lifecycle|mcp|adapters|testing|telemetry|migrating)',
  },
  { text: 'Reference', link: '/packages/node', activeMatch: '^/(packages|reference|providers)' },
  { text: 'Proof', link: '/proof', activeMatch: '^/(proof|reliability|performance|databases|scale|comparison)' },
  { text: 'Maintainers', link: '/contributing', activeMatch: '^/(contributing|architecture|seed|adr)' },
]
