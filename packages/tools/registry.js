// A registry on loopback that has the packed packages as they would be published, for `npm install @tessera/…` and `npx`.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename } from 'node:path'

/**
 * @param {readonly import('./pack.js').Packed[]} packed
 * @returns {Promise<{ readonly url: string, readonly close: () => void }>}
 */
export const startRegistry = async (packed) => {
  const server = createServer(({ url: path = '' }, response) => {
    const tarball = packed.find((one) => basename(one.tarball) === basename(path))?.tarball
    if (tarball !== undefined) return response.end(readFileSync(tarball))
    const name = decodeURIComponent(path.slice(1))
    const found = packed.find(({ manifest }) => manifest.name === name)
    if (found === undefined) return response.writeHead(404).end()
    const { version } = found.manifest
    const integrity = `sha512-${createHash('sha512').update(readFileSync(found.tarball)).digest('base64')}`
    const dist = { tarball: `${url}/${basename(found.tarball)}`, integrity }
    const versions = { [version]: { ...found.manifest, dist } }
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    url,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
