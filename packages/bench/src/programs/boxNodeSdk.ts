import { readFileSync } from 'node:fs'
import { BoxJwtAuth, JwtConfig } from 'box-node-sdk'
import { BaseUrls } from 'box-node-sdk/networking/baseUrls'
import { NetworkSession } from 'box-node-sdk/networking/network'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const baseUrl = tokenEndpoint.replace('/oauth2/token', '')
const auth = new BoxJwtAuth({
  config: new JwtConfig({
    clientId: 'app',
    clientSecret: 's3cret',
    jwtKeyId: 'k1',
    privateKey: readFileSync(file, 'utf8'),
    privateKeyPassphrase: passphrase,
    enterpriseId: '42',
  }),
})
const baseUrls = new BaseUrls({ baseUrl, oauth2Url: baseUrl, uploadUrl: baseUrl })
const token = await auth.retrieveToken(new NetworkSession({ baseUrls }))
process.stdout.write(String(token.accessToken), () => process.exit())
