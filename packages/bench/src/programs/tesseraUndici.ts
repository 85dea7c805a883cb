// The same in the full environment.
import { memoryStore, TokenSource } from '@tessera/core'
import { accessToken, openSource, signer } from '@tessera/node'
import { Client, ClientAuthentication, jwtAssertion } from '@tessera/oauth2'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const assertion = jwtAssertion({
  client: Client.make({ id: 'app', authentication: ClientAuthentication.post('s3cret'), tokenEndpoint }),
  signer: signer({ key: { file }, passphrase, keyId: 'k1' }),
  subject: { sub: '42', claims: { box_sub_type: 'enterprise' } },
})
const source = openSource(TokenSource.make({ store: memoryStore() })(assertion))

process.stdout.write(await accessToken(source), () => process.exit())
