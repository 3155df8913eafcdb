//! What two who do the same at the same moment get: one of them.

use super::principals::signed_in;
use super::*;

/// How often each race is run.
const RACES: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_teams_that_take_in_the_same_new_person_one_gets_a_link() {
    let served = served().await;
    let one = signed_in(&served, "pat", "payments", 1).await;
    let two = signed_in(&served, "eve", "eves", 2).await;
    for race in 0..RACES {
        let add = |secret: &crate::registry::flow::Secret, team: &str| {
            let headers = format!(
                "Cookie: __Host-stanchion={}\r\nContent-Type: application/x-www-form-urlencoded",
                secret.show()
            );
            let body = format!("forms={}&person=new-{race}&of-team={team}", secret.of_forms());
            (headers, body)
        };
        let (a, b) = (add(&one, "payments"), add(&two, "eves"));
        let (a, b) = tokio::join!(
            served.send("POST /account/members", &a.0, &a.1),
            served.send("POST /account/members", &b.0, &b.1)
        );
        let links = [&a, &b].iter().filter(|it| it.1.contains("http://x/sign-in/")).count();
        let mut statuses = [a.0, b.0];
        statuses.sort_unstable();
        assert_eq!((links, statuses), (1, [200, 422]), "race {race}:\n{}\n{}", a.1, b.1);
    }
}
