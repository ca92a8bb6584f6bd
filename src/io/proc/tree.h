/* tree: a directory and all that is in it. */
#ifndef IO_PROC_TREE_H
#define IO_PROC_TREE_H

/* Removes it; symbolic links are removed, not followed, and other file systems are not entered. What cannot
 * be removed stays. ERR_IO if anything did. */
int tree_remove(const char *path);

/* The same with all that is in it; the directory itself stays. */
int tree_empty(const char *path);

#endif
