// Makes the folder of a package as it is published: the manifest says where the package comes from, links lead to the repository, and
// the licence and the changes are there.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { common, inRepository, origin } from './home.js'
import { relinked } from './links.js'
import { published, root } from './published.js'

/** @param {string} name */
const versionOf = (name) => {
  const found = published.find(({ manifest }) => manifest.name === name)
  if (found === undefined) throw new Error(`${name} is not published`)
  return found.manifest.version
}

/**
 * Our packages are released together: each needs the others in exactly its own version.
 * @param {Readonly<Record<string, string>>} ranges
 */
const released = (ranges) =>
  Object.fromEntries(
    Object.entries(ranges).map(([name, range]) => [name, range === 'workspace:*' ? versionOf(name) : range]),
  )

/**
 * @param {import('./published.js').Published} published
 * @returns {import('./published.js').Manifest}
 */
const manifestOf = ({ folder, short, manifest }) => {
  const { devDependencies: _, dependencies, peerDependencies, ...rest } = manifest
  return {
    ...rest,
    ...(dependencies && { dependencies: released(dependencies) }),
    ...(peerDependencies && { peerDependencies: released(peerDependencies) }),
    keywords: [...common, ...(manifest.keywords ?? [])],
    ...origin(`packages/${short}`),
    files: [...(manifest.files ?? []), ...(existsSync(join(folder, 'CHANGELOG.md')) ? ['CHANGELOG.md'] : [])],
  }
}

/**
 * @param {import('./published.js').Published} one
 * @param {string} destination an empty folder
 */
export const stage = (one, destination) => {
  const { folder, short, manifest } = one
  mkdirSync(destination, { recursive: true })
  for (const file of [...(manifest.files ?? []).filter((file) => !file.startsWith('!')), 'CHANGELOG.md'])
    if (existsSync(join(folder, file)))
      cpSync(join(folder, file), join(destination, file), {
        recursive: true,
        filter: (path) => !path.endsWith('.tsbuildinfo'),
      })
  cpSync(join(root, 'LICENSE'), join(destination, 'LICENSE'))
  const page = `packages/${short}/README.md`
  const readme = relinked(readFileSync(join(root, page), 'utf8'), page, (path, hash) => {
    if (!existsSync(join(root, path))) throw new Error(`${page} leads to ${path}, which is not there`)
    return inRepository(path) + hash
  })
  writeFileSync(join(destination, 'README.md'), readme)
  writeFileSync(join(destination, 'package.json'), `${JSON.stringify(manifestOf(one), null, 2)}\n`)
}
