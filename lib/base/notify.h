#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* notify: tell the service manager, where there is one (sd_notify(3)). */
void	notify(const char *state);

#endif
