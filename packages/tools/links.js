// The links of a Markdown file.
import { posix } from 'node:path'

/**
 * The `#name` of a heading, as GitHub has it: so a link works there and on the site.
 * @param {string} heading
 */
export const slugOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')

/**
 * Gives each relative link of a page, images included, another target. Code is left as it is.
 * @param {string} text
 * @param {string} page the page's path from the root
 * @param {(path: string, hash: string) => string} to the new target, by the old one's path from the root and its `#hash`
 * @returns {string}
 */
export const relinked = (text, page, to) =>
  text
    .split(/(^```.*?^```$|`(?:[^`\n]|\n(?!\n))+`)/ms)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replaceAll(/\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)/g, (_, /** @type {string} */ path, hash = '') => {
            const target = posix.join(posix.dirname(page), path).replace(/\/$/, '')
            return `](${to(target, hash)})`
          }),
    )
    .join('')
