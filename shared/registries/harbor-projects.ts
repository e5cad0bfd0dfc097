// Harbor's projects: the first component of each path, which must be there before the first push.
// The API takes user name and password (or a robot's), not the tokens of the registry. https://goharbor.io/docs/2.13.0/working-with-projects/create-projects/
import { isTransshipError, TransshipError } from '../errors.ts';
import type { CreateRepositorySettings, RepositoryPlace } from './vendor.ts';

const PROJECTS = '/api/v2.0/projects';

/** Makes the project of a repository; one that is there already stays as it is. @throws TransshipError denied, unauthorized, … */
export async function createHarborProject(
  { port, repository }: RepositoryPlace,
  { public: isPublic = false, scanOnPush }: CreateRepositorySettings,
): Promise<void> {
  const project = projectOf(repository);
  // Harbor keeps these as texts.
  const metadata = { public: String(isPublic), ...(scanOnPush === undefined ? {} : { auto_scan: String(scanOnPush) }) };
  try {
    const response = await port.send({
      operation: `create project ${project}`,
      action: 'manifest-write',
      method: 'POST',
      target: PROJECTS,
      repository,
      login: 'basic',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ project_name: project, metadata })),
      expect: [201, 409],
    });
    await response.discard();
  } catch (error) {
    throw explained(error, port.host, project);
  }
}

/** Harbor answers 401 for projects that are not there, whoever asks: https://github.com/goharbor/harbor/issues/17097 */
export async function isHarborProjectMissing({ port, repository }: RepositoryPlace): Promise<boolean> {
  try {
    const response = await port.send({
      operation: `look up project ${projectOf(repository)}`,
      action: 'head',
      method: 'HEAD',
      target: `${PROJECTS}?project_name=${projectOf(repository)}`,
      repository,
      login: 'basic',
      expect: [200, 404],
    });
    await response.discard();
    return response.status === 404;
  } catch (error) {
    // Whoever may not look gets the registry's own answer.
    if (isTransshipError(error, 'unauthorized', 'denied')) return false;
    throw error;
  }
}

function projectOf(repository: string): string {
  return repository.split('/')[0] ?? '';
}

function explained(error: unknown, host: string, project: string): unknown {
  if (!isTransshipError(error, 'denied', 'unauthorized')) return error;
  return new TransshipError(error.code, error.message, {
    hint: `let this login create projects (a system robot with the permission "Create project"), or create the project ${project} in ${host}`,
    details: error.details,
    cause: error,
  });
}
