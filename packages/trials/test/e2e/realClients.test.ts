/** `tessera sandbox`, as its users run it, and clients of Box that nobody here wrote. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { BoxCcgAuth, BoxClient, BoxJwtAuth, BoxOAuth, CcgConfig, JwtConfig, OAuthConfig } from 'box-node-sdk'
import { type Authentication, BaseUrls, BoxRetryStrategy, NetworkSession } from 'box-node-sdk/networking'
import { describeWith } from '../../../tools/jest/needs.js'
import { type Child, child, type Ended, finished, said } from '../../src/child.js'
import { inProject, TESSERA } from '../../src/project.js'
import { listening } from '../../src/servers/httpServer.js'
import { visit } from '../support/person.js'

const AUTHORITIES = inProject('packages/node/test/support/authorities.json')

let folder: string
let settingsFile: string
let running: Child[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-clients-'))
  settingsFile = join(folder, 'box_config.json')
  running = []
})

afterEach(async () => {
  for (const started of running) {
    started.process.kill('SIGINT')
    await started.ended
  }
  rmSync(folder, { recursive: true })
})

/** Starts `tessera sandbox` with its settings in a file; the result is its URL. */
const startSandbox = async (...args: ReadonlyArray<string>): Promise<string> => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') }
  const command = [TESSERA, 'sandbox', '--json', '--settings', settingsFile, ...args]
  const started = child(process.execPath, command, { env })
  running.push(started)
  return said(started, /"url": "([^"]+)"/)
}

const settings = () => JSON.parse(readFileSync(settingsFile, 'utf8'))

describe('[P10] box-node-sdk with its own authentication', () => {
  const networkAt = (url: string) =>
    new NetworkSession({
      baseUrls: new BaseUrls({ baseUrl: url, uploadUrl: url, oauth2Url: `${url}/oauth2` }),
      retryStrategy: new BoxRetryStrategy({ retryBaseInterval: 0 }),
    })

  const clientAt = (url: string, auth: Authentication) => new BoxClient({ auth, networkSession: networkAt(url) })

  test('BoxJwtAuth, by the settings file: for the enterprise and for a user', async () => {
    const url = await startSandbox()
    const auth = new BoxJwtAuth({ config: JwtConfig.fromConfigFile(settingsFile) })
    expect(await clientAt(url, auth).users.getUserMe()).toMatchObject({ id: '7000' })
    expect(await clientAt(url, auth.withUserSubject('7001')).users.getUserMe()).toMatchObject({ id: '7001' })
  })

  test('BoxCcgAuth lists a folder, reads a file and its content, and deletes it', async () => {
    const url = await startSandbox()
    const { boxAppSettings, enterpriseID } = settings()
    const { clientID, clientSecret } = boxAppSettings
    const config = new CcgConfig({ clientId: clientID, clientSecret, enterpriseId: enterpriseID })
    const sdk = clientAt(url, new BoxCcgAuth({ config }))
    const namesIn = async (id: string, marker?: string) => {
      const queryParams = { usemarker: true, limit: 1, ...(marker !== undefined && { marker }) }
      const { entries = [], nextMarker } = await sdk.folders.getFolderItems(id, { queryParams })
      return { names: entries.map(({ type, name }) => `${type} ${name}`), nextMarker: nextMarker ?? undefined }
    }
    const first = await namesIn('0')
    expect(first.names).toEqual(['folder Drawings'])
    expect(await namesIn('0', first.nextMarker)).toEqual({ names: ['file Contract.pdf'], nextMarker: undefined })
    expect(await sdk.files.getFileById('456')).toMatchObject({ name: 'Drawing.dwg', parent: { id: '789' } })
    expect(await sdk.downloads.getDownloadFileUrl('123')).toMatch(`${url}/download?`)
    const content = await sdk.downloads.downloadFile('123')
    expect(content === undefined ? '' : await text(content)).toBe('The content of a contract.\n')
    await sdk.files.deleteFileById('123')
    expect((await sdk.folders.getFolderItems('0')).totalCount).toBe(1)
  })

  test('BoxOAuth logs in, renews at a 401, downscopes and revokes', async () => {
    const url = await startSandbox('--fault', 'status=401,endpoint=api')
    const { clientID, clientSecret } = settings().boxAppSettings
    const auth = new BoxOAuth({ config: new OAuthConfig({ clientId: clientID, clientSecret }) })
    const network = networkAt(url)
    const page = auth.getAuthorizeUrl({ redirectUri: 'http://127.0.0.1/callback' })
    const { callback = '' } = await visit(page.replace('https://account.box.com', url), (_, fields) => {
      fields.set('user', '7002')
      fields.set('decision', 'grant')
      return fields
    })
    await auth.getTokensAuthorizationCodeGrant(new URL(callback).searchParams.get('code') ?? '', network)
    const sdk = clientAt(url, auth)
    const before = await auth.retrieveToken(network)
    expect(await sdk.users.getUserMe()).toMatchObject({ id: '7002', login: 'max@example.com' })
    const after = await auth.retrieveToken(network)
    expect(after.accessToken).not.toBe(before.accessToken)
    const narrow = await auth.downscopeToken(['item_preview'], 'https://api.box.com/2.0/files/123', undefined, network)
    const status = async (token = '') =>
      (await fetch(`${url}/2.0/files/123`, { headers: { authorization: `Bearer ${token}` } })).status
    expect([await status(narrow.accessToken), await status(after.accessToken)]).toEqual([200, 200])
    await auth.revokeToken(network)
    expect([await status(narrow.accessToken), await status(after.accessToken)]).toEqual([401, 401])
  })
})

/**
 * A proxy that leads api.box.com to a server on this machine, as plain HTTP: some clients know no other address. Everything else is
 * refused, and kept in `refused`.
 */
const openProxy = async (to: string) => {
  const { key, cert } = JSON.parse(readFileSync(AUTHORITIES, 'utf8')).loopback.server
  const { hostname, port } = new URL(to)
  const refused: string[] = []
  const server = createServer((request, response) => {
    refused.push(String(request.url))
    response.writeHead(403).end()
  })
  server.on('connect', (request, socket: Socket) => {
    if (request.url !== 'api.box.com:443') {
      refused.push(String(request.url))
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    const secure = new TLSSocket(socket, { isServer: true, key, cert })
    const inner = connect(Number(port), hostname)
    secure.on('error', () => inner.destroy()).on('close', () => inner.destroy())
    inner.on('error', () => secure.destroy()).on('close', () => secure.destroy())
    secure.pipe(inner).pipe(secure)
  })
  return { ...(await listening(server)), refused }
}

describeWith('rclone')('[P10] rclone', () => {
  const withRclone = async (
    use: (rclone: (...args: ReadonlyArray<string>) => Promise<Ended>) => Promise<void>,
    ...args: ReadonlyArray<string>
  ) => {
    const proxy = await openProxy(await startSandbox('--allow-host', 'api.box.com', ...args))
    try {
      await use(async (...args) => {
        const quick = ['--retries', '1', '--low-level-retries', '1', '--no-check-certificate']
        const env = {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          TZ: 'UTC',
          RCLONE_CONFIG: join(folder, 'rclone.conf'),
          HTTPS_PROXY: proxy.url,
        }
        return finished(child('rclone', [...args, ...quick], { env }))
      })
      expect(proxy.refused).toEqual([])
    } finally {
      await proxy.close()
    }
  }

  test('about, lsd, ls, cat and deletefile, with the settings of a JWT application', () =>
    withRclone(async (rclone) => {
      const options = [`box_config_file=${settingsFile}`, 'box_sub_type=enterprise']
      expect(await rclone('config', 'create', 'box', 'box', ...options)).toMatchObject({ code: 0 })
      expect((await rclone('about', 'box:', '--json')).stdout).toMatch(/"total":\s*10737418240/)
      expect((await rclone('lsd', 'box:')).stdout).toMatch(/^ +-1 2026-01-01 \S+ +-1 Drawings\n$/)
      const listed = (await rclone('ls', 'box:', '--box-list-chunk', '1')).stdout.split('\n').map((line) => line.trim())
      expect(listed.sort()).toEqual(['', '26 Drawings/Drawing.dwg', '27 Contract.pdf'])
      expect(await rclone('cat', 'box:Drawings/Drawing.dwg')).toMatchObject({
        code: 0,
        stdout: 'The content of a drawing.\n',
      })
      expect(await rclone('deletefile', 'box:Contract.pdf')).toMatchObject({ code: 0 })
      expect((await rclone('lsf', 'box:')).stdout).toBe('Drawings/\n')
    }))

  test('a token that is dead is told as 401', () =>
    withRclone(async (rclone) => {
      for (const command of [
        ['about', ':box:'],
        ['lsd', ':box:'],
      ]) {
        const { code, stderr } = await rclone(...command, '--box-access-token', 'dead')
        expect({ command, failed: code !== 0 }).toEqual({ command, failed: true })
        expect(stderr).toContain('401 Unauthorized')
      }
    }))
})
