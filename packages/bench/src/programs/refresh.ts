// A strategy with a refresh token alone.
import { refreshToken } from '@tessera/oauth2'
import * as Client from '@tessera/oauth2/Client'

export const strategy = refreshToken({
  client: Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' }),
})
