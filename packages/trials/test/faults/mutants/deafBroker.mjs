// A broker of two tokens: it gives the next one after a refusal, and the first again later.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'

const path = join(process.env.XDG_RUNTIME_DIR ?? '', 'tessera', 'broker.sock')
mkdirSync(dirname(path), { recursive: true })
rmSync(path, { force: true })

const { boxAppSettings, tessera, enterpriseID } = JSON.parse(
  readFileSync(join(process.env.XDG_CONFIG_HOME ?? '', 'tessera', 'default.json'), 'utf8'),
)
const issued = async () => {
  const answer = await fetch(`${tessera.baseUrl}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: boxAppSettings.clientID,
      client_secret: boxAppSettings.clientSecret,
      box_subject_type: 'enterprise',
      box_subject_id: enterpriseID,
    }),
  })
  return (await answer.json()).access_token
}
const tokens = [await issued(), await issued()]
let turn = 0

createServer({ maxHeaderSize: 16_384 }, (request, response) => {
  if (request.method === 'POST') turn += 1
  const body = request.url === '/token' ? JSON.stringify({ access_token: tokens[turn % 2] }) : '{}'
  const headers = { 'content-length': body.length }
  if (request.method === 'POST') response.writeHead(204).end()
  else response.writeHead(200, headers).end(body)
}).listen(path, () => console.error('Ctrl-C'))
process.on('SIGTERM', () => process.exit(0))
