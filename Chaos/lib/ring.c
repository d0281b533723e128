/* An MPI program for the phase `mpi`: a ring, a sum, and megabytes between every two ranks, checked by who gets them.
   Usage: ring MEGABYTES. Rank 0 prints one line for each thing it learned; the exit code is 1 if bytes were wrong. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 1000 };

static unsigned char octet(int rank, size_t place) { return (unsigned char)(rank * 37 + place * 7 + (place >> 12)); }

int main(int count, char **words) {
  int rank, ranks, length;
  char name[MPI_MAX_PROCESSOR_NAME] = "";
  MPI_Init(&count, &words);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Get_processor_name(name, &length);
  size_t size = (size_t)(count > 1 ? atoi(words[1]) : 1) << 20;
  unsigned char *mine = malloc(size), *theirs = calloc(size, 1);
  char *names = malloc((size_t)ranks * sizeof name);
  if (!mine || !theirs || !names) MPI_Abort(MPI_COMM_WORLD, 2);
  for (size_t place = 0; place < size; place++) mine[place] = octet(rank, place);
  MPI_Gather(name, sizeof name, MPI_CHAR, names, sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
  for (int other = 0; rank == 0 && other < ranks; other++) printf("rank %d %s\n", other, names + other * sizeof name);

  /* The ring: each rank multiplies by three and adds its number, so that order counts. */
  unsigned long token = 1;
  if (rank > 0) MPI_Recv(&token, 1, MPI_UNSIGNED_LONG, rank - 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  token = token * 3 + (unsigned long)rank;
  MPI_Send(&token, 1, MPI_UNSIGNED_LONG, (rank + 1) % ranks, 1, MPI_COMM_WORLD);
  if (rank == 0) {
    MPI_Recv(&token, 1, MPI_UNSIGNED_LONG, ranks - 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    printf("ring %lu\n", token);
  }

  /* The sum: of (rank + 1) * place over all ranks and places. */
  long numbers[NUMBERS], sums[NUMBERS], total = 0;
  for (int place = 0; place < NUMBERS; place++) numbers[place] = (long)(rank + 1) * place;
  MPI_Allreduce(numbers, sums, NUMBERS, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  for (int place = 0; place < NUMBERS; place++) total += sums[place];
  if (rank == 0) printf("sum %ld\n", total);

  /* Every two ranks, both directions at once, nobody else at the same time. */
  long wrong = 0;
  for (int a = 0; a < ranks; a++) {
    for (int b = a + 1; b < ranks; b++) {
      double seconds = 0;
      MPI_Barrier(MPI_COMM_WORLD);
      if (rank == a || rank == b) {
        int peer = rank == a ? b : a;
        double begun = MPI_Wtime();
        MPI_Sendrecv(mine, (int)size, MPI_BYTE, peer, 2, theirs, (int)size, MPI_BYTE, peer, 2, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        seconds = MPI_Wtime() - begun;
        for (size_t place = 0; place < size; place++) wrong += theirs[place] != octet(peer, place);
      }
      double slower = 0;
      MPI_Reduce(&seconds, &slower, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
      if (rank == 0) printf("pair %d %d %.6f\n", a, b, slower);
    }
  }
  long all = 0;
  MPI_Allreduce(&wrong, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("wrong %ld\n", all);
  MPI_Finalize();
  free(mine);
  free(theirs);
  free(names);
  return all ? 1 : 0;
}
