// Where the project lives. The owner's name stands in one place: `repository` of the workspace's package.json.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './published.js'

/** @type {{ readonly repository: string, readonly author: string, readonly keywords: readonly string[] }} */
const { repository: place, author, keywords } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const [owner = '', name = ''] = place.replace(/^github:/, '').split('/')

/** Nothing is published while the owner is the placeholder. */
export const isPlaceholder = owner === 'OWNER'

/** The repository in a browser. */
export const repository = `https://github.com/${owner}/${name}`

/**
 * A file or folder of the repository in a browser.
 * @param {string} path from the root
 */
export const inRepository = (path) => `${repository}/blob/main/${path}`

/**
 * What the manifest of a published package says of where it comes from.
 * @param {string} directory from the root
 */
export const origin = (directory) => ({
  author,
  homepage: `https://${owner.toLowerCase()}.github.io/${name}/`,
  repository: { type: 'git', url: `git+${repository}.git`, directory },
  bugs: { url: `${repository}/issues` },
})

/** The keywords of every package. */
export const common = keywords
