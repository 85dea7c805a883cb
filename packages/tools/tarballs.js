// Packs every package into `dist` of the workspace, and prints the line that installs them in another project. Arguments: the short
// names of packages, for a line with these and what they need.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from './pack.js'
import { root, withNeeded } from './published.js'

const dist = join(root, 'dist')
/** @param {string} text */
const quoted = (text) => (/^[\w/.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

const names = process.argv.slice(2)
const wanted = withNeeded(names)
rmSync(dist, { recursive: true, force: true })
const packed = pack(dist)
const tarballs = packed.filter((one) => wanted.includes(one.package)).map(({ tarball }) => quoted(tarball))

console.log(`${packed.length} packages are in ${dist}. In your project:

npm install ${names.length === 0 ? `${quoted(dist)}/*.tgz` : tarballs.join(' ')}
`)
if (names.length === 0) console.log('For some of them, with what they need: npm run release pack node oauth2')
