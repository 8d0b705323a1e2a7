#include <string.h>

#include "archive/archive.h"
#include "file/file.h"
#include "git/git.h"
#include "package/package.h"
#include "package/repository.h"
#include "service/service.h"
#include "types/command.h"
#include "types/settings.h"
#include "types/types.h"
#include "user/user.h"

const struct resource_type *const resource_types[] = {
	&resource_file,
	&resource_command,
	&resource_powershell,
	&resource_package,
	&resource_repository,
	&resource_service,
	&resource_hostentry,
	&resource_sysctl,
	&resource_hostname,
	&resource_timezone,
	&resource_known_host,
	&resource_cron,
	&resource_mount,
	&resource_kernel_module,
	&resource_locale,
	&resource_alternatives,
	&resource_archive,
	&resource_git,
	&resource_user,
	&resource_group,
	NULL
};

const struct resource_type *
resource_find(struct str name)
{
	size_t i;

	for (i = 0; resource_types[i] != NULL; i++)
		if (str_eq(name, str_of(resource_types[i]->name)))
			return resource_types[i];
	return NULL;
}
