// What the routes of grants have in common.
import * as z from 'zod';

export const TAG = 'grants';

export const grantParams = z.object({ name: z.string().describe('name of a grant') });
