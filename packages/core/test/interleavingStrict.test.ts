import { judged } from './interleaving/judged.js'

judged('strict')
