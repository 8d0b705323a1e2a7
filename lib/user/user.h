#ifndef USER_USER_H
#define USER_USER_H

#include "resource/resource.h"

/*
 * user, group: the accounts that a policy wants, with all that belongs to
 * them: the home directory, and the keys that may log in.
 */
extern const struct resource_type resource_user;
extern const struct resource_type resource_group;

#endif
